/// A JSON value that keeps what checkpoints care about: integers apart from floats, the order of members, and the byte
/// where each value stands.
///
/// Foundation's parser hides duplicate keys and turns `true` and `1` into the same number type.
package struct CheckpointJSON: Sendable, Equatable {
  /// The value itself.
  package indirect enum Content: Sendable, Equatable {
    case null
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case array([CheckpointJSON])
    case object(CheckpointJSONObject)
  }

  /// The value itself.
  package let content: Content
  /// Where the value starts, in bytes from the start of the file.
  package let byteOffset: Int

  /// What the value is, for messages.
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

  /// The integer, if it is one.
  package var integer: Int? {
    if case .integer(let value) = content { value } else { nil }
  }

  /// The string, if it is one.
  package var string: String? {
    if case .string(let value) = content { value } else { nil }
  }

  /// The members of an object, if it is one.
  package var object: CheckpointJSONObject? {
    if case .object(let value) = content { value } else { nil }
  }

  /// The elements of an array, if it is one.
  package var array: [CheckpointJSON]? {
    if case .array(let value) = content { value } else { nil }
  }

  /// The elements of an array of integers, if it is one.
  package var integers: [Int]? {
    guard let array else { return nil }
    let values = array.compactMap(\.integer)
    return values.count == array.count ? values : nil
  }
}

/// The members of a JSON object, in the order of the file; no key occurs twice.
package struct CheckpointJSONObject: Sendable, Equatable {
  private var positions: [String: Int] = [:]
  /// Keys and values in the order of the file.
  package private(set) var members: [(key: String, value: CheckpointJSON)] = []

  /// An object without members.
  package init() {}

  /// The value of `key`, or nil where it is absent.
  package subscript(key: String) -> CheckpointJSON? { positions[key].map { members[$0].value } }

  /// Adds a member; returns false, changing nothing, where the key is there already.
  package mutating func insert(_ value: CheckpointJSON, for key: String) -> Bool {
    guard positions[key] == nil else { return false }
    positions[key] = members.count
    members.append((key, value))
    return true
  }

  package static func == (left: Self, right: Self) -> Bool {
    left.members.elementsEqual(right.members) { $0.key == $1.key && $0.value == $1.value }
  }
}
