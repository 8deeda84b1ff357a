/// Filters of a list as a whole.
struct TemplateListFilters {
  let budget: TemplateBudget

  private var sorting: TemplateSorting { TemplateSorting(budget: budget) }

  /// The filter's result.
  func apply(
    _ name: String, to value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    if name == "reverse", case .string(let text) = value {
      let plain = try budget.plain(text)
      return .string(text.derived(String(String.UnicodeScalarView(plain.unicodeScalars.reversed()))))
    }
    if name == "dictsort" { return try dictsort(value, arguments) }
    let items = try value.items(budget)
    switch name {
    case "first", "last":
      return (name == "first" ? items.first : items.last) ?? .undefined("\(name) of nothing")
    case "list": return .list(items)
    case "reverse":
      try budget.spend(copies: items.count)
      return .list(items.reversed())
    case "join": return .string(try join(items, arguments))
    case "sum":
      let path = try TemplateAttributePath(arguments.value(0, "attribute"), budget)
      var sum = arguments.value(1, "start") ?? .integer(0)
      for item in items {
        try budget.spend(steps: 1)
        sum = try TemplateArithmetic(budget: budget).apply("+", sum, try path.value(of: item, budget))
      }
      return sum
    case "sort": return .list(try sort(items, arguments))
    case "unique": return .list(try unique(items, arguments))
    case "min", "max":
      let keys = try sorting.keys(
        of: items, at: try TemplateAttributePath(arguments.value(1, "attribute"), budget),
        isCaseSensitive: arguments.truth(0, "case_sensitive") ?? false)
      guard var best = keys.indices.first else { return .undefined("\(name) of nothing") }
      for index in keys.indices.dropFirst() {
        let isBetter =
          name == "min"
          ? try keys[index].precedes(keys[best], budget) : try keys[best].precedes(keys[index], budget)
        if isBetter { best = index }
      }
      return items[best]
    case "groupby": return try groupby(items, arguments)
    case "batch": return try checked(batch(items, arguments))
    default: return try checked(slice(items, arguments))
    }
  }

  /// A list of lists, refused where the levels become too many.
  private func checked(_ lists: [[TemplateValue]]) throws(TemplateFault) -> TemplateValue {
    let value = TemplateValue.list(lists.map { .list($0) })
    try value.checkLevels(in: budget)
    return value
  }

  private func join(_ items: [TemplateValue], _ arguments: TemplateArguments) throws(TemplateFault) -> TemplateText {
    let separator = try arguments.value(0, "d")?.printed(budget) ?? TemplateText()
    let path = try TemplateAttributePath(arguments.value(1, "attribute"), budget)
    var joined = TemplateText()
    for (index, item) in items.enumerated() {
      try budget.spend(steps: 1)
      let value = try path.value(of: item, budget)
      for part in [index > 0 ? separator : TemplateText(), try value.printed(budget)] {
        try budget.spend(part)
        joined.append(part)
      }
    }
    return joined
  }

  private func sort(_ items: [TemplateValue], _ arguments: TemplateArguments) throws(TemplateFault) -> [TemplateValue] {
    let isCaseSensitive = arguments.truth(1, "case_sensitive") ?? false
    // A list of keys for each item, even for one: values without an order may then be equal, as in Python.
    var keys = items.map { _ in TemplateValue.list([]) }
    var names = [arguments.value(2, "attribute") ?? .none]
    if case .string(let text)? = arguments.value(2, "attribute"), try budget.plain(text).contains(",") {
      names = try PythonString.split(try budget.plain(text), separator: ",", budget).map { .text($0) }
    }
    for name in names {
      let path = try TemplateAttributePath(name, budget)
      let parts = try sorting.keys(of: items, at: path, isCaseSensitive: isCaseSensitive)
      try budget.spend(values: 2 * items.count)
      keys = zip(keys, parts).map { .list(($0.elements ?? []) + [$1]) }
    }
    let order = try sorting.order(of: keys, isReversed: arguments.truth(0, "reverse") ?? false)
    return order.map { items[$0] }
  }

  private func unique(
    _ items: [TemplateValue], _ arguments: TemplateArguments
  ) throws(TemplateFault) -> [TemplateValue] {
    let path = try TemplateAttributePath(arguments.value(1, "attribute"), budget)
    let keys = try sorting.keys(
      of: items, at: path, isCaseSensitive: arguments.truth(0, "case_sensitive") ?? false)
    var seen = TemplateValueSet()
    var kept: [TemplateValue] = []
    for (item, key) in zip(items, keys) where try seen.insert(key, budget) { kept.append(item) }
    return kept
  }

  private func dictsort(
    _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    guard case .dictionary(let dictionary) = value else { throw TemplateFault("dictsort of \(value.kindName)") }
    let place = try arguments.string(1, "by", budget) ?? "key"
    guard ["key", "value"].contains(place) else {
      throw TemplateFault("dictsort by '\(place)': it knows key and value")
    }
    let pairs = try TemplateMethods(budget: budget).call("items", on: .dictionary(dictionary), TemplateArguments())
    let items = try pairs.items(budget)
    let keys = try sorting.keys(
      of: items, at: try TemplateAttributePath(.integer(place == "key" ? 0 : 1), budget),
      isCaseSensitive: arguments.truth(0, "case_sensitive") ?? false)
    return .list(try sorting.order(of: keys, isReversed: arguments.truth(2, "reverse") ?? false).map { items[$0] })
  }

  private func groupby(_ items: [TemplateValue], _ arguments: TemplateArguments) throws(TemplateFault) -> TemplateValue
  {
    guard let attribute = arguments.value(0, "attribute") else { throw TemplateFault("groupby needs an attribute") }
    let path = try TemplateAttributePath(attribute, fallback: arguments.value(1, "default"), budget)
    let keys = try sorting.keys(
      of: items, at: path, isCaseSensitive: arguments.truth(2, "case_sensitive") ?? false)
    var groups: [TemplateValue] = []
    var open: [TemplateValue] = []
    let order = try sorting.order(of: keys, isReversed: false)
    for (place, index) in order.enumerated() {
      open.append(items[index])
      if place + 1 < order.count, try keys[index].equals(keys[order[place + 1]], budget) { continue }
      try budget.spend(values: 2)
      groups.append(.group(try path.value(of: open[0], budget), open))
      open = []
    }
    let value = TemplateValue.list(groups)
    try value.checkLevels(in: budget)
    return value
  }

  private func batch(
    _ items: [TemplateValue], _ arguments: TemplateArguments
  ) throws(TemplateFault) -> [[TemplateValue]] {
    guard let size = try arguments.integer(0, "linecount"), size > 0 else {
      throw TemplateFault("batch needs a number of items above 0")
    }
    try budget.spend(values: 2 * items.count)
    var batches = stride(from: 0, to: items.count, by: min(size, items.count + 1)).map { start in
      Array(items[start...].prefix(size))
    }
    guard let fill = filling(arguments), let last = batches.last else { return batches }
    try budget.spend(copies: size - last.count)
    batches[batches.count - 1] += Array(repeating: fill, count: size - last.count)
    return batches
  }

  private func slice(
    _ items: [TemplateValue], _ arguments: TemplateArguments
  ) throws(TemplateFault) -> [[TemplateValue]] {
    guard let count = try arguments.integer(0, "slices"), count > 0 else {
      throw TemplateFault("slice needs a number of slices above 0")
    }
    try budget.spend(values: items.count)
    try budget.spend(values: count)
    let (size, extra) = items.count.quotientAndRemainder(dividingBy: count)
    var start = 0
    return (0..<count).map { index in
      let end = start + size + (index < extra ? 1 : 0)
      defer { start = end }
      return Array(items[start..<end]) + (index < extra ? [] : filling(arguments).map { [$0] } ?? [])
    }
  }

  private func filling(_ arguments: TemplateArguments) -> TemplateValue? {
    if case TemplateValue.none? = arguments.value(1, "fill_with") { nil } else { arguments.value(1, "fill_with") }
  }
}
