/// A value during rendering; arithmetic, order and truth are Python's.
enum TemplateValue {
  /// A missing name or key: prints as nothing, and is false.
  case undefined(String)
  case none
  case boolean(Bool)
  case integer(Int)
  case number(Double)
  case string(TemplateText)
  case list([TemplateValue])
  case tuple([TemplateValue])
  /// A pair that `groupby` makes: the key, and the items that have it.
  indirect case group(TemplateValue, [TemplateValue])
  case dictionary(TemplateDictionary)
  case namespace(TemplateNamespace)
  /// The variable `loop`.
  case loop(TemplateLoopState)
  indirect case function(TemplateFunction)

  static func text(_ text: String) -> TemplateValue { .string(TemplateText(text)) }
}

/// A dictionary that keeps the order in which keys were first written.
struct TemplateDictionary {
  struct Entry {
    let key: String
    var value: TemplateValue
  }

  private(set) var entries: [Entry] = []
  /// Origin of the keys as texts.
  private(set) var keyOrigin = TemplateOrigin.template

  init() {}

  /// A dictionary of entries whose keys differ.
  init(entries: [Entry], keyOrigin: TemplateOrigin) {
    self.entries = entries
    self.keyOrigin = keyOrigin
  }

  init(_ entries: KeyValuePairs<String, TemplateValue>) {
    self.entries = entries.map { Entry(key: $0.key, value: $0.value) }
  }

  /// The keys as values.
  var keys: [TemplateValue] { entries.map { .string(TemplateText($0.key, keyOrigin)) } }

  /// The value of a key, found by linear search.
  func value(of key: String, _ budget: TemplateBudget) throws(TemplateFault) -> TemplateValue? {
    try budget.spend(lookupOf: key, among: entries.count)
    return self[key]
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

extension TemplateValue {
  var isTrue: Bool {
    switch self {
    case .undefined, .none: false
    case .boolean(let value): value
    case .integer(let value): value != 0
    case .number(let value): value != 0
    case .string(let text): !text.isEmpty
    case .list(let items), .tuple(let items): !items.isEmpty
    case .group: true
    case .dictionary(let dictionary): !dictionary.entries.isEmpty
    case .namespace, .loop, .function: true
    }
  }

  /// Kind of the value, for errors.
  var kindName: String {
    switch self {
    case .undefined(let name): "'\(name)', which is undefined"
    case .none: "none"
    case .boolean: "a truth value"
    case .integer, .number: "a number"
    case .string: "a string"
    case .list: "a list"
    case .tuple, .group: "a tuple"
    case .dictionary: "a mapping"
    case .namespace: "a namespace"
    case .loop: "the loop's state"
    case .function: "a function"
    }
  }

  /// The number, with truth values as 0 and 1 as in Python; nil for any other value.
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

  /// The elements of a list or a tuple; nil for any other value.
  var elements: [TemplateValue]? {
    switch self {
    case .list(let items), .tuple(let items): items
    case .group(let key, let items): [key, .list(items)]
    default: nil
    }
  }

  /// Deepest nesting of lists and mappings: functions that visit them recurse once a level.
  static let mostLevels = 50

  /// Refuses lists and mappings that nest deeper than `levels`.
  func checkLevels(_ levels: Int = mostLevels, in budget: TemplateBudget) throws(TemplateFault) {
    try budget.spend(steps: 1)
    if let items = elements {
      guard levels > 0 else { throw TemplateFault("lists nest deeper than \(Self.mostLevels) levels") }
      for item in items { try item.checkLevels(levels - 1, in: budget) }
      return
    }
    switch self {
    case .function(.method(let object, _)): try object.checkLevels(levels, in: budget)
    case .loop(let state): try TemplateValue.list(state.items).checkLevels(levels, in: budget)
    case .dictionary(let dictionary):
      guard levels > 0 else { throw TemplateFault("lists nest deeper than \(Self.mostLevels) levels") }
      for entry in dictionary.entries { try entry.value.checkLevels(levels - 1, in: budget) }
    default: break
    }
  }

  /// Items that a loop or a filter visits.
  func items(_ budget: TemplateBudget) throws(TemplateFault) -> [TemplateValue] {
    if let elements { return elements }
    switch self {
    case .undefined: return []
    case .loop(let state): return Array(state.items[min(state.index + 1, state.items.count)...])
    case .dictionary(let dictionary):
      try budget.spend(values: dictionary.entries.count)
      return dictionary.keys
    case .string(let text):
      let scalars = try budget.plain(text).unicodeScalars
      try budget.spend(values: scalars.count)
      let origin = text.origin
      return scalars.map { .string(TemplateText(String($0), origin)) }
    default: throw TemplateFault("\(kindName) has no items to go through")
    }
  }

  func equals(_ other: TemplateValue, _ budget: TemplateBudget) throws(TemplateFault) -> Bool {
    try budget.spend(steps: 1)
    if let a = elements, let b = other.elements {
      guard isList == other.isList, a.count == b.count else { return false }
      for (first, second) in zip(a, b) where try !first.equals(second, budget) { return false }
      return true
    }
    switch (self, other) {
    case (.undefined, .undefined), (.none, .none): return true
    case (.string(let a), .string(let b)):
      // Strings are equal in Python where their UTF-8 bytes are.
      guard a.byteCount == b.byteCount else { return false }
      return try budget.plain(a).utf8.elementsEqual(try budget.plain(b).utf8)
    case (.dictionary(let a), .dictionary(let b)):
      guard a.entries.count == b.entries.count else { return false }
      for entry in a.entries {
        try budget.spend(lookupOf: entry.key, among: b.entries.count)
        guard let value = b[entry.key], try value.equals(entry.value, budget) else { return false }
      }
      return true
    case (.namespace(let a), .namespace(let b)): return a === b
    default:
      if let a = asInteger, let b = other.asInteger { return a == b }
      if let a = asDouble, let b = other.asDouble { return a == b }
      return false
    }
  }

  private var isList: Bool { if case .list = self { true } else { false } }

  /// True where this comes before `other`: numbers by size, strings by code point, lists by their first items that
  /// differ.
  func precedes(_ other: TemplateValue, _ budget: TemplateBudget) throws(TemplateFault) -> Bool {
    if case .string(let a) = self, case .string(let b) = other {
      return try budget.plain(a).unicodeScalars.lexicographicallyPrecedes(try budget.plain(b).unicodeScalars)
    }
    if let a = elements, let b = other.elements, isList == other.isList {
      for (first, second) in zip(a, b) where try !first.equals(second, budget) {
        return try first.precedes(second, budget)
      }
      return a.count < b.count
    }
    if let a = asInteger, let b = other.asInteger { return a < b }
    guard let a = asDouble, let b = other.asDouble else {
      throw TemplateFault("\(kindName) and \(other.kindName) have no order")
    }
    return a < b
  }

  /// True where `needle in self`, in Python's sense.
  func contains(_ needle: TemplateValue, _ budget: TemplateBudget) throws(TemplateFault) -> Bool {
    if let elements {
      for item in elements where try item.equals(needle, budget) { return true }
      return false
    }
    switch self {
    case .string(let text):
      guard case .string(let part) = needle else { throw TemplateFault("a string holds no \(needle.kindName)") }
      guard !part.isEmpty else { return true }
      let (whole, wanted) = (try budget.plain(text), try budget.plain(part))
      return try PythonString.ranges(of: wanted, in: whole, limit: 1, budget).isEmpty == false
    case .dictionary(let dictionary):
      guard case .string(let key) = needle else { return false }
      return try dictionary.value(of: try budget.plain(key), budget) != nil
    case .undefined: return false
    default: throw TemplateFault("\(kindName) holds nothing to look '\(needle.kindName)' up in")
    }
  }
}
