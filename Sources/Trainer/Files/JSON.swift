/// A JSON value (RFC 8259) as model files need it: integers apart from floating-point numbers, members in order, keys
/// by their exact bytes, and the byte at which each value stands.
///
/// Foundation's parser hides duplicate keys, makes one number type of `true` and `1`, and takes "é" and "e" + accent
/// for one key, though a vocabulary has two tokens there.
package struct JSON: Sendable {
  /// Kind and content of a value.
  package enum Content: Sendable {
    /// The value `null`.
    case null
    /// A truth value.
    case bool(Bool)
    /// A number without fraction and exponent that fits in 64 bits.
    case integer(Int)
    /// Any other number.
    case number(Double)
    /// A string, whose escapes are resolved.
    case string(String)
    /// A list of values.
    case array([JSON])
    /// Values by their keys.
    case object(JSONObject)
  }

  /// Kind and content of the value.
  package let content: Content
  /// Place of the value's first byte, counted from the start of its file; 0 for a value that was not read from one.
  package let byteOffset: Int

  /// A value that stands at a byte of a file.
  package init(_ content: Content, byteOffset: Int = 0) {
    self.content = content
    self.byteOffset = byteOffset
  }

  /// The value as a message shows it; of arrays and objects only the kind.
  package var kindName: String {
    switch content {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .number(let value): "\(value)"
    case .string(let value): "\"\(value)\""
    case .array: "an array"
    case .object: "an object"
    }
  }
}

// MARK: - Reading

extension JSON {
  /// True where the value is `null`.
  package var isNull: Bool {
    if case .null = content { true } else { false }
  }

  /// The truth value; nil for other kinds.
  package var bool: Bool? {
    if case .bool(let value) = content { value } else { nil }
  }

  /// The integer; nil for other kinds, and for numbers with a fraction or an exponent.
  package var integer: Int? {
    if case .integer(let value) = content { value } else { nil }
  }

  /// The number, be it an integer or not; nil for other kinds.
  package var number: Double? {
    switch content {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  /// The string; nil for other kinds.
  package var string: String? {
    if case .string(let value) = content { value } else { nil }
  }

  /// The elements of an array; nil for other kinds.
  package var array: [JSON]? {
    if case .array(let value) = content { value } else { nil }
  }

  /// The elements of an array that holds integers alone; nil for all else.
  package var integers: [Int]? {
    guard let array else { return nil }
    let values = array.compactMap(\.integer)
    return values.count == array.count ? values : nil
  }

  /// The members of an object; nil for other kinds.
  package var object: JSONObject? {
    if case .object(let value) = content { value } else { nil }
  }

  /// The value of an object's member; nil where the member is absent, and for other kinds.
  package subscript(key: String) -> JSON? { object?[key] }
}

// MARK: - Making

extension JSON {
  /// The value `null`.
  package static let null = JSON(.null)
  /// A truth value.
  package static func bool(_ value: Bool) -> JSON { JSON(.bool(value)) }
  /// An integer, which must fit in 64 bits.
  package static func integer(_ value: some BinaryInteger) -> JSON { JSON(.integer(Int(value))) }
  /// A number that is written with a point or an exponent.
  package static func number(_ value: Double) -> JSON { JSON(.number(value)) }
  /// A string.
  package static func string(_ value: String) -> JSON { JSON(.string(value)) }
  /// An array.
  package static func array(_ elements: [JSON]) -> JSON { JSON(.array(elements)) }
  /// An object.
  package static func object(_ object: JSONObject) -> JSON { JSON(.object(object)) }
}

extension JSON: ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral, ExpressibleByStringLiteral {
  /// A truth value.
  package init(booleanLiteral value: Bool) { self = .bool(value) }
  /// An integer.
  package init(integerLiteral value: Int) { self = .integer(value) }
  /// A string.
  package init(stringLiteral value: String) { self = .string(value) }
}

extension JSON: ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral {
  /// An array.
  package init(arrayLiteral elements: JSON...) { self = .array(elements) }

  /// An object with the members in the order of the literal, whose keys differ.
  package init(dictionaryLiteral members: (String, JSON)...) { self = .object(JSONObject(members)) }
}

// MARK: - Comparing

extension JSON: Equatable {
  /// True where kind and content are the same, wherever they stand.
  package static func == (left: JSON, right: JSON) -> Bool { left.content == right.content }
}

extension JSON.Content: Equatable {
  /// True where the kinds are the same and the contents too, strings byte by byte.
  package static func == (left: Self, right: Self) -> Bool {
    switch (left, right) {
    case (.null, .null): true
    case (.bool(let a), .bool(let b)): a == b
    case (.integer(let a), .integer(let b)): a == b
    case (.number(let a), .number(let b)): a == b
    case (.string(let a), .string(let b)): a.utf8.elementsEqual(b.utf8)
    case (.array(let a), .array(let b)): a == b
    case (.object(let a), .object(let b)): a == b
    default: false
    }
  }
}
