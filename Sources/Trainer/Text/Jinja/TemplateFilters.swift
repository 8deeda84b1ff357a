import Foundation

/// Filters of a value: `value | name(arguments)`.
struct TemplateFilters {
  let budget: TemplateBudget

  private var methods: TemplateMethods { TemplateMethods(budget: budget) }

  func apply(
    _ name: String, to value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    switch name {
    case "default", "d":
      let isMissing: Bool
      if case .undefined = value { isMissing = true } else { isMissing = false }
      let replaces = arguments.value(1, "boolean")?.isTrue ?? false
      return isMissing || (replaces && !value.isTrue) ? arguments.value(0, "default_value") ?? .text("") : value
    case "length", "count": return .integer(try length(of: value))
    case "first", "last":
      let items = try value.items(budget)
      return (name == "first" ? items.first : items.last) ?? .undefined("\(name) of nothing")
    case "join": return try join(value, arguments)
    case "list": return .list(try value.items(budget))
    case "reverse":
      if case .string(let text) = value {
        let plain = try budget.plain(text)
        return .string(text.derived(String(String.UnicodeScalarView(plain.unicodeScalars.reversed()))))
      }
      let items = try value.items(budget)
      try budget.spend(copies: items.count)
      return .list(items.reversed())
    case "items": return try methods.call("items", on: value, arguments)
    case "map": return try map(value, arguments)
    case "select", "reject":
      return try choose(value, keeping: name == "select") { item throws(TemplateFault) in
        try passes(item, arguments, testIndex: 0)
      }
    case "selectattr", "rejectattr":
      guard let attribute = try arguments.string(0, "attribute", budget) else {
        throw TemplateFault("\(name) needs an attribute's name")
      }
      return try choose(value, keeping: name == "selectattr") { item throws(TemplateFault) in
        try passes(try self.attribute(attribute, of: item), arguments, testIndex: 1)
      }
    case "tojson": return try json(value, arguments)
    case "int":
      if case .string(let text) = value { return .integer(Int(try trimmed(text)) ?? 0) }
      return .integer(value.asDouble.flatMap { Int(exactly: $0.rounded(.towardZero)) } ?? 0)
    case "float":
      if case .string(let text) = value { return .number(Double(try trimmed(text)) ?? 0) }
      return .number(value.asDouble ?? 0)
    case "abs":
      if case .integer(let number) = value, number != .min { return .integer(abs(number)) }
      guard case .number(let number) = value else { throw TemplateFault("abs of \(value.kindName)") }
      return .number(abs(number))
    case "string", "safe", "escape", "e", "trim", "upper", "lower", "title", "capitalize", "replace", "indent":
      return try text(name, value, arguments)
    default: throw TemplateFault("the filter '\(name)' is not supported")
    }
  }

  private func trimmed(_ text: TemplateText) throws(TemplateFault) -> String {
    try budget.spend(text)
    return text.trimmed().plain
  }

  private func length(of value: TemplateValue) throws(TemplateFault) -> Int {
    switch value {
    case .string(let text): return try budget.plain(text).unicodeScalars.count
    case .list(let items): return items.count
    case .dictionary(let dictionary): return dictionary.entries.count
    case .undefined: return 0
    default: throw TemplateFault("\(value.kindName) has no length")
    }
  }

  /// Applies a filter that makes text of text.
  private func text(
    _ name: String, _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    let text = try value.printed(budget)
    switch name {
    case "string", "safe": return .string(text)
    case "trim": return try methods.call("strip", on: .string(text), arguments)
    case "escape", "e": throw TemplateFault("the filter '\(name)' is not supported: chat templates write plain text")
    case "indent":
      let width = try arguments.integer(0, "width") ?? 4
      guard (0...1000).contains(width) else { throw TemplateFault("indent by \(width) spaces") }
      let isFirstToo = arguments.value(1, "first")?.isTrue ?? false
      let lines = try PythonString.split(try budget.plain(text), separator: "\n", budget)
      try budget.spend(bytes: width, times: lines.count)
      let indented = lines.enumerated().map { index, line in
        (index == 0 ? isFirstToo : !line.isEmpty) ? String(repeating: " ", count: width) + line : line
      }
      return .string(text.derived(indented.joined(separator: "\n")))
    default: return try methods.call(name, on: .string(text), arguments)
    }
  }

  /// Applies transformers' `tojson(ensure_ascii=False, indent=None, separators=None, sort_keys=False)`: `indent` is
  /// honoured, and other values of the other arguments, which would give other text, are refused.
  private func json(
    _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    guard arguments.positional.isEmpty else {
      throw TemplateFault("tojson with arguments that are not named is not supported: write tojson(indent=…)")
    }
    for entry in arguments.named.entries where entry.key != "indent" {
      let isDefault =
        switch entry.key {
        case "ensure_ascii", "sort_keys": !entry.value.isTrue
        case "separators": if case .none = entry.value { true } else { false }
        default: false
        }
      guard isDefault else { throw TemplateFault("tojson with \(entry.key) is not supported") }
    }
    var indent: Int?
    switch arguments.named["indent"] {
    case .integer(let count)? where (0...64).contains(count): indent = count
    case nil, TemplateValue.none?: break
    default: throw TemplateFault("tojson with an indent that is no number from 0 to 64 is not supported")
    }
    return .string(try value.json(indent: indent, budget))
  }

  private func join(
    _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    let separator = try arguments.value(0, "d")?.printed(budget) ?? TemplateText()
    let attribute = try arguments.string(1, "attribute", budget)
    var joined = TemplateText()
    for (index, item) in try value.items(budget).enumerated() {
      try budget.spend(steps: 1)
      let value = try attribute.map { name throws(TemplateFault) in try self.attribute(name, of: item) } ?? item
      for part in [index > 0 ? separator : TemplateText(), try value.printed(budget)] {
        try budget.spend(part)
        joined.append(part)
      }
    }
    return .string(joined)
  }

  private func map(
    _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    var results: [TemplateValue] = []
    let attribute: String?
    if case .string(let name)? = arguments.named["attribute"] {
      attribute = try budget.plain(name)
    } else {
      attribute = nil
    }
    for item in try value.items(budget) {
      try budget.spend(steps: 1)
      try budget.spend(values: 1)
      if let attribute {
        results.append(try self.attribute(attribute, of: item))
      } else if case .string(let name)? = arguments.positional.first {
        let rest = TemplateArguments(positional: Array(arguments.positional.dropFirst()), named: arguments.named)
        results.append(try apply(try budget.plain(name), to: item, rest))
      } else {
        throw TemplateFault("map needs attribute=… or a filter's name")
      }
    }
    return .list(results)
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
    guard testIndex < arguments.positional.count else { return item.isTrue }
    guard case .string(let name) = arguments.positional[testIndex] else {
      throw TemplateFault("a test is named by a string")
    }
    let aliases = ["==": "eq", "!=": "ne", "<": "lt", ">": "gt", "<=": "le", ">=": "ge"]
    let rest = TemplateArguments(positional: Array(arguments.positional.dropFirst(testIndex + 1)))
    let plain = try budget.plain(name)
    return try TemplatePredicates(budget: budget).apply(aliases[plain] ?? plain, to: item, rest)
  }

  private func attribute(_ name: String, of item: TemplateValue) throws(TemplateFault) -> TemplateValue {
    switch item {
    case .dictionary(let dictionary): try dictionary.value(of: name, budget) ?? .undefined(name)
    case .namespace(let namespace): try namespace.values.value(of: name, budget) ?? .undefined(name)
    default: .undefined(name)
    }
  }
}
