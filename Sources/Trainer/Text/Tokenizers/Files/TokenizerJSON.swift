/// A JSON value that keeps the order and the exact bytes of object keys.
///
/// Foundation's parsers put keys into a dictionary of strings, where two spellings of one character ("é" and
/// "e" + accent) are one key; in a vocabulary they are two tokens, so one of them would vanish.
package enum TokenizerJSON: Sendable, Equatable {
  case null
  case bool(Bool)
  case number(Double)
  case string(String)
  case array([TokenizerJSON])
  case object([Member])

  /// One `key: value` of an object.
  package struct Member: Sendable, Equatable {
    package var key: String
    package var value: TokenizerJSON

    package init(_ key: String, _ value: TokenizerJSON) {
      self.key = key
      self.value = value
    }
  }

  /// The last member of this name, as JSON readers commonly take it; nil where this is no object.
  /// - Parameter key: plain ASCII.
  package subscript(key: String) -> TokenizerJSON? {
    guard case .object(let members) = self else { return nil }
    return members.last { $0.key == key }?.value
  }

  /// The members of an object.
  package var members: [Member]? {
    if case .object(let members) = self { return members }
    return nil
  }

  /// The elements of an array.
  package var elements: [TokenizerJSON]? {
    if case .array(let elements) = self { return elements }
    return nil
  }

  /// The text of a string.
  package var text: String? {
    if case .string(let text) = self { return text }
    return nil
  }

  /// A boolean.
  package var flag: Bool? {
    if case .bool(let flag) = self { return flag }
    return nil
  }

  /// A number without a fraction, small enough for a token id.
  package var tokenID: Int32? {
    guard case .number(let value) = self, let id = Int32(exactly: value), id >= 0 else { return nil }
    return id
  }

  /// Whether this is `null`.
  package var isNull: Bool { self == .null }
}
