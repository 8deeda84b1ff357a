/// Filters that apply a filter or a test to each item: `map`, `select`, `reject`, `selectattr`, `rejectattr`.
struct TemplateItemFilters {
  let budget: TemplateBudget

  /// The filter's result.
  func apply(
    _ name: String, to value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    // Jinja goes through nothing for any value that counts as false, also one without items.
    guard value.isTrue else { return .list([]) }
    switch name {
    case "map": return .list(try map(value, arguments))
    case "select", "reject":
      return try choose(value, keeping: name == "select") { item throws(TemplateFault) in
        try passes(item, arguments, testIndex: 0)
      }
    default:
      guard let attribute = arguments.positional.first else { throw TemplateFault("\(name) needs an attribute's name") }
      let path = try TemplateAttributePath(attribute, budget)
      return try choose(value, keeping: name == "selectattr") { item throws(TemplateFault) in
        try passes(try path.value(of: item, budget), arguments, testIndex: 1)
      }
    }
  }

  private func map(
    _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> [TemplateValue] {
    let items = try value.items(budget)
    try budget.spend(values: items.count)
    if let first = arguments.positional.first {
      guard case .string(let text) = first else { throw TemplateFault("map needs attribute=… or a filter's name") }
      let name = try budget.plain(text)
      let rest = TemplateArguments(positional: Array(arguments.positional.dropFirst()), named: arguments.named)
      return try items.map { item throws(TemplateFault) in
        try budget.spend(steps: 1)
        return try TemplateFilters(budget: budget).apply(name, to: item, rest)
      }
    }
    try TemplateSignatures.check(arguments, ["attribute", "default"], "map")
    guard let attribute = arguments.named["attribute"] else {
      throw TemplateFault("map needs attribute=… or a filter's name")
    }
    let path = try TemplateAttributePath(attribute, fallback: arguments.named["default"], budget)
    return try items.map { item throws(TemplateFault) in
      try budget.spend(steps: 1)
      return try path.value(of: item, budget)
    }
  }

  private func choose(
    _ value: TemplateValue, keeping: Bool, where isWanted: (TemplateValue) throws(TemplateFault) -> Bool
  ) throws(TemplateFault) -> TemplateValue {
    var kept: [TemplateValue] = []
    for item in try value.items(budget) {
      try budget.spend(steps: 1)
      guard try isWanted(item) == keeping else { continue }
      try budget.spend(copies: 1)
      kept.append(item)
    }
    return .list(kept)
  }

  /// True where an item passes the test that the arguments name from `testIndex` on; without a test, where the item is
  /// true.
  private func passes(
    _ item: TemplateValue, _ arguments: TemplateArguments, testIndex: Int
  ) throws(TemplateFault) -> Bool {
    guard testIndex < arguments.positional.count else {
      try TemplateSignatures.check(TemplateArguments(named: arguments.named), [], "select")
      return item.isTrue
    }
    guard case .string(let name) = arguments.positional[testIndex] else {
      throw TemplateFault("a test is named by a string")
    }
    let aliases = ["==": "eq", "!=": "ne", "<": "lt", ">": "gt", "<=": "le", ">=": "ge"]
    let rest = TemplateArguments(
      positional: Array(arguments.positional.dropFirst(testIndex + 1)), named: arguments.named)
    let plain = try budget.plain(name)
    return try TemplatePredicates(budget: budget).apply(aliases[plain] ?? plain, to: item, rest)
  }
}
