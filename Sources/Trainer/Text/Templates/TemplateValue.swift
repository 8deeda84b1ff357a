/// A value while a template is rendered; arithmetic, order and truth are Python's.
enum TemplateValue {
  /// A name or key that is not there: prints as nothing, and is false.
  case undefined(String)
  case none
  case boolean(Bool)
  case integer(Int)
  case number(Double)
  case string(TemplateText)
  case list([TemplateValue])
  case dictionary(TemplateDictionary)
  case namespace(TemplateNamespace)
  /// The variable `loop`.
  case loop(TemplateLoopState)
  case function(TemplateFunction)

  static func text(_ text: String) -> TemplateValue { .string(TemplateText(text)) }
}

/// Keys and values in the order of their first writing.
struct TemplateDictionary {
  struct Entry {
    let key: String
    var value: TemplateValue
  }

  private(set) var entries: [Entry] = []

  init() {}

  init(_ entries: KeyValuePairs<String, TemplateValue>) {
    self.entries = entries.map { Entry(key: $0.key, value: $0.value) }
  }

  subscript(key: String) -> TemplateValue? {
    get { entries.first { $0.key == key }?.value }
    set {
      let index = entries.firstIndex { $0.key == key }
      switch (index, newValue) {
      case (let index?, let value?): entries[index].value = value
      case (let index?, nil): entries.remove(at: index)
      case (nil, let value?): entries.append(Entry(key: key, value: value))
      case (nil, nil): break
      }
    }
  }
}

/// The one value that a template may write to from within a loop.
final class TemplateNamespace {
  var values = TemplateDictionary()
}

/// Where a loop stands.
struct TemplateLoopState {
  let items: [TemplateValue]
  let index: Int

  /// An attribute of the variable `loop`.
  subscript(name: String) -> TemplateValue? {
    switch name {
    case "index": .integer(index + 1)
    case "index0": .integer(index)
    case "revindex": .integer(items.count - index)
    case "revindex0": .integer(items.count - index - 1)
    case "first": .boolean(index == 0)
    case "last": .boolean(index == items.count - 1)
    case "length": .integer(items.count)
    case "previtem": index > 0 ? items[index - 1] : nil
    case "nextitem": index + 1 < items.count ? items[index + 1] : nil
    case "cycle": .function(.cycle(index))
    default: nil
    }
  }
}

/// Something that can be called.
enum TemplateFunction {
  /// One of the functions that every template has.
  case builtin(String)
  case macro(TemplateMacro)
  /// `loop.cycle`, at an iteration.
  case cycle(Int)
}

/// The arguments of a call, evaluated.
struct TemplateArguments {
  var positional: [TemplateValue] = []
  var named = TemplateDictionary()

  /// An argument by its place or its name.
  func value(_ index: Int, _ name: String) -> TemplateValue? {
    index < positional.count ? positional[index] : named[name]
  }

  func string(_ index: Int, _ name: String) throws(TemplateFault) -> String? {
    guard let value = value(index, name) else { return nil }
    guard case .string(let text) = value else { throw TemplateFault("argument '\(name)' should be a string") }
    return text.plain
  }

  func integer(_ index: Int, _ name: String) throws(TemplateFault) -> Int? {
    guard let value = value(index, name) else { return nil }
    guard case .integer(let number) = value else { throw TemplateFault("argument '\(name)' should be a whole number") }
    return number
  }
}

extension TemplateValue {
  var isTrue: Bool {
    switch self {
    case .undefined, .none: false
    case .boolean(let value): value
    case .integer(let value): value != 0
    case .number(let value): value != 0
    case .string(let text): !text.isEmpty
    case .list(let items): !items.isEmpty
    case .dictionary(let dictionary): !dictionary.entries.isEmpty
    case .namespace, .loop, .function: true
    }
  }

  /// What the value is, for errors.
  var kindName: String {
    switch self {
    case .undefined(let name): "'\(name)', which is undefined"
    case .none: "none"
    case .boolean: "a truth value"
    case .integer, .number: "a number"
    case .string: "a string"
    case .list: "a list"
    case .dictionary: "a mapping"
    case .namespace: "a namespace"
    case .loop: "the loop's state"
    case .function: "a function"
    }
  }

  /// The value of a number, with Python's view of truth values as 0 and 1.
  var asDouble: Double? {
    switch self {
    case .boolean(let value): value ? 1 : 0
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  var asInteger: Int? {
    switch self {
    case .boolean(let value): value ? 1 : 0
    case .integer(let value): value
    default: nil
    }
  }

  /// Whether lists and mappings nest at most `levels` deep.
  func isShallow(levels: Int = 50) -> Bool {
    switch self {
    case .list(let items): levels > 0 && items.allSatisfy { $0.isShallow(levels: levels - 1) }
    case .dictionary(let dictionary):
      levels > 0 && dictionary.entries.allSatisfy { $0.value.isShallow(levels: levels - 1) }
    default: true
    }
  }

  /// The items that a loop or a filter goes through.
  func items() throws(TemplateFault) -> [TemplateValue] {
    switch self {
    case .undefined: return []
    case .list(let items): return items
    case .dictionary(let dictionary): return dictionary.entries.map { .text($0.key) }
    case .string(let text): return text.plain.unicodeScalars.map { .string(text.derived(String($0))) }
    default: throw TemplateFault("\(kindName) has no items to go through")
    }
  }

  func equals(_ other: TemplateValue) -> Bool {
    switch (self, other) {
    case (.undefined, .undefined), (.none, .none): true
    case (.string(let a), .string(let b)): a.plain.unicodeScalars.elementsEqual(b.plain.unicodeScalars)
    case (.list(let a), .list(let b)): a.elementsEqual(b) { $0.equals($1) }
    case (.dictionary(let a), .dictionary(let b)):
      a.entries.count == b.entries.count && a.entries.allSatisfy { entry in b[entry.key]?.equals(entry.value) ?? false }
    case (.namespace(let a), .namespace(let b)): a === b
    default:
      if let a = asInteger, let b = other.asInteger {
        a == b
      } else if let a = asDouble, let b = other.asDouble {
        a == b
      } else {
        false
      }
    }
  }

  /// Whether this comes before `other`: numbers by size, strings by code point.
  func precedes(_ other: TemplateValue) throws(TemplateFault) -> Bool {
    if case .string(let a) = self, case .string(let b) = other {
      return a.plain.unicodeScalars.lexicographicallyPrecedes(b.plain.unicodeScalars)
    }
    guard let a = asDouble, let b = other.asDouble else {
      throw TemplateFault("\(kindName) and \(other.kindName) have no order")
    }
    return a < b
  }

  /// `needle in self`.
  func contains(_ needle: TemplateValue) throws(TemplateFault) -> Bool {
    switch self {
    case .string(let text):
      guard case .string(let part) = needle else { throw TemplateFault("a string holds no \(needle.kindName)") }
      return part.isEmpty || PythonString.ranges(of: part.plain, in: text.plain, limit: 1).isEmpty == false
    case .list(let items): return items.contains { $0.equals(needle) }
    case .dictionary(let dictionary):
      guard case .string(let key) = needle else { return false }
      return dictionary[key.plain] != nil
    case .undefined: return false
    default: throw TemplateFault("\(kindName) holds nothing to look '\(needle.kindName)' up in")
    }
  }
}
