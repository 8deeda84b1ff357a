/// Methods of strings, lists and mappings.
enum TemplateMethods {
  static func call(
    _ name: String, on object: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    switch object {
    case .string(let text): try string(name, text, arguments)
    case .dictionary(let dictionary): try mapping(name, dictionary, arguments)
    case .list(let items): try list(name, items, arguments)
    default: throw TemplateFault("\(object.kindName) has no method \(name)()")
    }
  }

  private static func string(
    _ name: String, _ text: TemplateText, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    let plain = text.plain
    switch name {
    case "strip", "lstrip", "rstrip":
      let start = name != "rstrip"
      let end = name != "lstrip"
      guard let characters = try arguments.string(0, "chars") else {
        return .string(text.trimmed(start: start, end: end))
      }
      let dropped = Set(characters.unicodeScalars)
      return .string(text.trimmed(start: start, end: end) { dropped.contains($0) })
    case "split", "rsplit": return try split(name, text, arguments)
    case "splitlines": return .list(PythonString.splitLines(plain).map { .string(text.derived($0)) })
    case "startswith": return .boolean(try affixes(arguments).contains { PythonString.hasPrefix(plain, $0) })
    case "endswith": return .boolean(try affixes(arguments).contains { PythonString.hasSuffix(plain, $0) })
    case "removeprefix", "removesuffix":
      let part = try arguments.string(0, "prefix") ?? ""
      let bytes = plain.utf8.count - part.utf8.count
      if name == "removesuffix" {
        return .string(PythonString.hasSuffix(plain, part) ? text.prefix(byteCount: bytes) : text)
      }
      return PythonString.hasPrefix(plain, part)
        ? .string(text.derived(String(decoding: plain.utf8.suffix(bytes), as: UTF8.self))) : .string(text)
    case "upper": return .string(text.derived(plain.uppercased()))
    case "lower": return .string(text.derived(plain.lowercased()))
    case "title": return .string(text.derived(PythonString.titled(plain)))
    case "capitalize": return .string(text.derived(PythonString.capitalized(plain)))
    case "replace":
      guard let old = try arguments.string(0, "old"), let new = try arguments.string(1, "new") else {
        throw TemplateFault("replace() needs what to replace and what by")
      }
      let count = try arguments.integer(2, "count") ?? -1
      let result = PythonString.replacing(old, with: new, in: plain, count: count < 0 ? .max : count)
      return .string(text.derived(result))
    case "find":
      let part = try arguments.string(0, "sub") ?? ""
      if part.isEmpty { return .integer(0) }
      guard let range = PythonString.ranges(of: part, in: plain, limit: 1).first else { return .integer(-1) }
      return .integer(plain[..<range.lowerBound].unicodeScalars.count)
    case "count":
      return .integer(PythonString.ranges(of: try arguments.string(0, "sub") ?? "", in: plain).count)
    case "isdigit": return .boolean(!plain.isEmpty && plain.unicodeScalars.allSatisfy { ("0"..."9").contains($0) })
    case "isspace": return .boolean(!plain.isEmpty && plain.unicodeScalars.allSatisfy { $0.isPythonSpace })
    default: throw TemplateFault("the string method \(name)() is not supported")
    }
  }

  private static func split(
    _ name: String, _ text: TemplateText, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    var separator: String?
    if case .string(let given)? = arguments.value(0, "sep") { separator = given.plain }
    guard separator != "" else { throw TemplateFault("\(name)() needs a separator that is not empty") }
    let limit = try arguments.integer(1, "maxsplit") ?? -1
    let count = limit < 0 ? Int.max : limit
    let parts: [String]
    if name == "rsplit" {
      guard let separator else { throw TemplateFault("rsplit() without a separator is not supported") }
      parts = PythonString.splitFromEnd(text.plain, separator: separator, limit: count)
    } else {
      parts = PythonString.split(text.plain, separator: separator, limit: count)
    }
    return .list(parts.map { .string(text.derived($0)) })
  }

  /// The one part, or each of the list of parts, that a text may begin or end with.
  private static func affixes(_ arguments: TemplateArguments) throws(TemplateFault) -> [String] {
    guard case .list(let items)? = arguments.value(0, "prefix") else {
      guard let part = try arguments.string(0, "prefix") else { throw TemplateFault("startswith() needs a string") }
      return [part]
    }
    return items.compactMap { item in
      guard case .string(let text) = item else { return nil }
      return text.plain
    }
  }

  private static func mapping(
    _ name: String, _ dictionary: TemplateDictionary, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    switch name {
    case "items": return .list(dictionary.entries.map { .list([.text($0.key), $0.value]) })
    case "keys": return .list(dictionary.entries.map { .text($0.key) })
    case "values": return .list(dictionary.entries.map(\.value))
    case "get": return dictionary[try arguments.string(0, "key") ?? ""] ?? arguments.value(1, "default") ?? .none
    default: throw TemplateFault("the mapping's method \(name)() is not supported")
    }
  }

  private static func list(
    _ name: String, _ items: [TemplateValue], _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    guard let wanted = arguments.value(0, "value") else {
      throw TemplateFault("the list's method \(name)() is not supported")
    }
    switch name {
    case "count": return .integer(items.count { $0.equals(wanted) })
    case "index":
      guard let index = items.firstIndex(where: { $0.equals(wanted) }) else {
        throw TemplateFault("index() looks for a value that the list does not hold")
      }
      return .integer(index)
    default:
      throw TemplateFault("the list's method \(name)() is not supported: lists cannot be changed, add two with +")
    }
  }
}
