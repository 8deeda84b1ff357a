import Foundation

/// `value | name(arguments)`.
enum TemplateFilters {
  static func apply(
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
      let items = try value.items()
      return (name == "first" ? items.first : items.last) ?? .undefined("\(name) of nothing")
    case "join": return try join(value, arguments)
    case "list": return .list(try value.items())
    case "reverse":
      if case .string(let text) = value {
        return .string(text.derived(String(String.UnicodeScalarView(text.plain.unicodeScalars.reversed()))))
      }
      return .list(try value.items().reversed())
    case "items": return try TemplateMethods.call("items", on: value, arguments)
    case "map": return try map(value, arguments)
    case "select", "reject":
      return try choose(value, keeping: name == "select") { item throws(TemplateFault) in
        try passes(item, arguments, testIndex: 0)
      }
    case "selectattr", "rejectattr":
      guard let attribute = try arguments.string(0, "attribute") else {
        throw TemplateFault("\(name) needs an attribute's name")
      }
      return try choose(value, keeping: name == "selectattr") { item throws(TemplateFault) in
        try passes(Self.attribute(attribute, of: item), arguments, testIndex: 1)
      }
    case "tojson":
      return .string(
        TemplateText(try value.json(indent: try arguments.integer(0, "indent")), isContent: value.hasContent))
    case "int":
      if case .string(let text) = value { return .integer(Int(text.trimmed().plain) ?? 0) }
      return .integer(value.asDouble.flatMap { Int(exactly: $0.rounded(.towardZero)) } ?? 0)
    case "float":
      if case .string(let text) = value { return .number(Double(text.trimmed().plain) ?? 0) }
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

  private static func length(of value: TemplateValue) throws(TemplateFault) -> Int {
    switch value {
    case .string(let text): return text.plain.unicodeScalars.count
    case .list(let items): return items.count
    case .dictionary(let dictionary): return dictionary.entries.count
    case .undefined: return 0
    default: throw TemplateFault("\(value.kindName) has no length")
    }
  }

  /// Filters that make text out of text.
  private static func text(
    _ name: String, _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    let text = value.printed
    switch name {
    case "string", "safe": return .string(text)
    case "trim": return try TemplateMethods.call("strip", on: .string(text), arguments)
    case "escape", "e": throw TemplateFault("the filter '\(name)' is not supported: chat templates write plain text")
    case "indent":
      let width = try arguments.integer(0, "width") ?? 4
      guard (0...1000).contains(width) else { throw TemplateFault("indent by \(width) spaces") }
      let isFirstToo = arguments.value(1, "first")?.isTrue ?? false
      let lines = PythonString.split(text.plain, separator: "\n").enumerated().map { index, line in
        (index == 0 ? isFirstToo : !line.isEmpty) ? String(repeating: " ", count: width) + line : line
      }
      return .string(text.derived(lines.joined(separator: "\n")))
    default: return try TemplateMethods.call(name, on: .string(text), arguments)
    }
  }

  private static func join(
    _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    let separator = arguments.value(0, "d")?.printed ?? TemplateText()
    let attribute = try arguments.string(1, "attribute")
    var joined = TemplateText()
    for (index, item) in try value.items().enumerated() {
      if index > 0 { joined.append(separator) }
      joined.append((attribute.map { Self.attribute($0, of: item) } ?? item).printed)
    }
    return .string(joined)
  }

  private static func map(
    _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    var results: [TemplateValue] = []
    let attribute: String?
    if case .string(let name)? = arguments.named["attribute"] { attribute = name.plain } else { attribute = nil }
    for item in try value.items() {
      if let attribute {
        results.append(Self.attribute(attribute, of: item))
      } else if case .string(let name)? = arguments.positional.first {
        let rest = TemplateArguments(positional: Array(arguments.positional.dropFirst()), named: arguments.named)
        results.append(try apply(name.plain, to: item, rest))
      } else {
        throw TemplateFault("map needs attribute=… or a filter's name")
      }
    }
    return .list(results)
  }

  private static func choose(
    _ value: TemplateValue, keeping: Bool, where isWanted: (TemplateValue) throws(TemplateFault) -> Bool
  ) throws(TemplateFault) -> TemplateValue {
    var kept: [TemplateValue] = []
    for item in try value.items() where try isWanted(item) == keeping { kept.append(item) }
    return .list(kept)
  }

  /// Whether an item passes the test that the arguments name from `testIndex` on; without one, whether it is true.
  private static func passes(
    _ item: TemplateValue, _ arguments: TemplateArguments, testIndex: Int
  ) throws(TemplateFault) -> Bool {
    guard testIndex < arguments.positional.count else { return item.isTrue }
    guard case .string(let name) = arguments.positional[testIndex] else {
      throw TemplateFault("a test is named by a string")
    }
    let aliases = ["==": "eq", "!=": "ne", "<": "lt", ">": "gt", "<=": "le", ">=": "ge"]
    let rest = TemplateArguments(positional: Array(arguments.positional.dropFirst(testIndex + 1)))
    return try TemplatePredicates.apply(aliases[name.plain] ?? name.plain, to: item, rest)
  }

  private static func attribute(_ name: String, of item: TemplateValue) -> TemplateValue {
    switch item {
    case .dictionary(let dictionary): dictionary[name] ?? .undefined(name)
    case .namespace(let namespace): namespace.values[name] ?? .undefined(name)
    default: .undefined(name)
    }
  }
}
