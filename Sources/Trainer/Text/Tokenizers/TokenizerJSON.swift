/// A JSON value that keeps the order and the exact bytes of object keys.
///
/// Foundation's parsers put keys into a dictionary of strings, where two spellings of one character ("é" and
/// "e" + accent) are one key; in a vocabulary they are two tokens, so one of them would vanish.
enum TokenizerJSON: Sendable, Equatable {
  case null
  case bool(Bool)
  case number(Double)
  case string(String)
  case array([TokenizerJSON])
  case object([Member])

  /// One `key: value` of an object.
  struct Member: Sendable, Equatable {
    var key: String
    var value: TokenizerJSON

    init(_ key: String, _ value: TokenizerJSON) {
      self.key = key
      self.value = value
    }
  }

  /// The last member of this name, as JSON readers commonly take it; nil where this is no object.
  /// - Parameter key: plain ASCII.
  subscript(key: String) -> TokenizerJSON? {
    guard case .object(let members) = self else { return nil }
    return members.last { $0.key == key }?.value
  }

  /// The members of an object.
  var members: [Member]? {
    if case .object(let members) = self { return members }
    return nil
  }

  /// The elements of an array.
  var elements: [TokenizerJSON]? {
    if case .array(let elements) = self { return elements }
    return nil
  }

  /// The text of a string.
  var text: String? {
    if case .string(let text) = self { return text }
    return nil
  }

  /// A boolean.
  var flag: Bool? {
    if case .bool(let flag) = self { return flag }
    return nil
  }

  /// A number without a fraction, small enough for a token id.
  var tokenID: Int32? {
    guard case .number(let value) = self, let id = Int32(exactly: value), id >= 0 else { return nil }
    return id
  }

  /// Whether this is `null`.
  var isNull: Bool { self == .null }
}
