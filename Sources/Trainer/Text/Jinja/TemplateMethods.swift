/// Methods of strings, lists and mappings.
struct TemplateMethods {
  let budget: TemplateBudget

  func call(
    _ name: String, on object: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    switch object {
    case .string(let text): try string(name, text, arguments)
    case .dictionary(let dictionary): try mapping(name, dictionary, arguments)
    case .list(let items): try list(name, items, arguments)
    default: throw TemplateFault("\(object.kindName) has no method \(name)()")
    }
  }

  private func string(
    _ name: String, _ text: TemplateText, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    let plain = try budget.plain(text)
    switch name {
    case "strip", "lstrip", "rstrip":
      let start = name != "rstrip"
      let end = name != "lstrip"
      guard let characters = try arguments.string(0, "chars", budget) else {
        return .string(text.trimmed(start: start, end: end))
      }
      let dropped = Set(characters.unicodeScalars)
      return .string(text.trimmed(start: start, end: end) { dropped.contains($0) })
    case "split", "rsplit": return try split(name, text, arguments)
    case "splitlines": return parts(try PythonString.splitLines(plain, budget), of: text)
    case "startswith": return .boolean(try affixes(arguments).contains { PythonString.hasPrefix(plain, $0) })
    case "endswith": return .boolean(try affixes(arguments).contains { PythonString.hasSuffix(plain, $0) })
    case "removeprefix", "removesuffix":
      let part = try arguments.string(0, "prefix", budget) ?? ""
      let bytes = plain.utf8.count - part.utf8.count
      if name == "removesuffix" {
        return .string(PythonString.hasSuffix(plain, part) ? text.prefix(byteCount: bytes) : text)
      }
      return PythonString.hasPrefix(plain, part)
        ? .string(text.derived(String(decoding: plain.utf8.suffix(bytes), as: UTF8.self))) : .string(text)
    case "upper": return .string(text.derived(try recased(plain) { $0.uppercased() }))
    case "lower": return .string(text.derived(try recased(plain) { $0.lowercased() }))
    case "title": return .string(text.derived(try recased(plain, PythonString.titled)))
    case "capitalize": return .string(text.derived(try recased(plain, PythonString.capitalized)))
    case "replace":
      guard let old = try arguments.string(0, "old", budget), let new = try arguments.string(1, "new", budget) else {
        throw TemplateFault("replace() needs what to replace and what by")
      }
      let count = try arguments.integer(2, "count") ?? -1
      let result = try PythonString.replacing(old, with: new, in: plain, count: count < 0 ? .max : count, budget)
      return .string(text.derived(result))
    case "find":
      let part = try arguments.string(0, "sub", budget) ?? ""
      if part.isEmpty { return .integer(0) }
      guard let range = try PythonString.ranges(of: part, in: plain, limit: 1, budget).first else {
        return .integer(-1)
      }
      return .integer(plain[..<range.lowerBound].unicodeScalars.count)
    case "count":
      return .integer(
        try PythonString.ranges(of: try arguments.string(0, "sub", budget) ?? "", in: plain, budget).count)
    case "isdigit": return .boolean(!plain.isEmpty && plain.unicodeScalars.allSatisfy { ("0"..."9").contains($0) })
    case "isspace": return .boolean(!plain.isEmpty && plain.unicodeScalars.allSatisfy { $0.isPythonSpace })
    default: throw TemplateFault("the string method \(name)() is not supported")
    }
  }

  private func split(
    _ name: String, _ text: TemplateText, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    var separator: String?
    if case .string(let given)? = arguments.value(0, "sep") { separator = try budget.plain(given) }
    guard separator != "" else { throw TemplateFault("\(name)() needs a separator that is not empty") }
    let limit = try arguments.integer(1, "maxsplit") ?? -1
    let count = limit < 0 ? Int.max : limit
    let plain = try budget.plain(text)
    guard name == "rsplit" else {
      return parts(try PythonString.split(plain, separator: separator, limit: count, budget), of: text)
    }
    guard let separator else { throw TemplateFault("rsplit() without a separator is not supported") }
    return parts(try PythonString.splitFromEnd(plain, separator: separator, limit: count, budget), of: text)
  }

  private func parts(_ parts: [String], of text: TemplateText) -> TemplateValue {
    let isContent = text.hasContent
    return .list(parts.map { .string(TemplateText($0, isContent: isContent)) })
  }

  /// A text in another case; some letters become up to three times as long.
  private func recased(_ text: String, _ change: (String) -> String) throws(TemplateFault) -> String {
    try budget.spend(bytes: text.utf8.count, times: 4)
    return change(text)
  }

  /// The prefixes or suffixes to compare with: one text, or a list of texts.
  private func affixes(_ arguments: TemplateArguments) throws(TemplateFault) -> [String] {
    guard case .list(let items)? = arguments.value(0, "prefix") else {
      guard let part = try arguments.string(0, "prefix", budget) else {
        throw TemplateFault("startswith() needs a string")
      }
      return [part]
    }
    var parts: [String] = []
    for item in items {
      try budget.spend(steps: 1)
      if case .string(let text) = item { parts.append(try budget.plain(text)) }
    }
    return parts
  }

  private func mapping(
    _ name: String, _ dictionary: TemplateDictionary, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    switch name {
    case "items":
      try budget.spend(values: 3 * dictionary.entries.count)
      return .list(dictionary.entries.map { .list([.text($0.key), $0.value]) })
    case "keys": return .list(try TemplateValue.dictionary(dictionary).items(budget))
    case "values":
      try budget.spend(copies: dictionary.entries.count)
      return .list(dictionary.entries.map(\.value))
    case "get":
      let key = try arguments.string(0, "key", budget) ?? ""
      return try dictionary.value(of: key, budget) ?? arguments.value(1, "default") ?? .none
    default: throw TemplateFault("the mapping's method \(name)() is not supported")
    }
  }

  private func list(
    _ name: String, _ items: [TemplateValue], _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    guard let wanted = arguments.value(0, "value") else {
      throw TemplateFault("the list's method \(name)() is not supported")
    }
    switch name {
    case "count":
      var count = 0
      for item in items where try item.equals(wanted, budget) { count += 1 }
      return .integer(count)
    case "index":
      for (index, item) in items.enumerated() where try item.equals(wanted, budget) { return .integer(index) }
      throw TemplateFault("index() looks for a value that the list does not hold")
    default:
      throw TemplateFault("the list's method \(name)() is not supported: lists cannot be changed, add two with +")
    }
  }
}
