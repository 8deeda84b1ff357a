/// One turn of a conversation.
package struct ChatMessage: Sendable, Equatable {
  /// The turn's members as templates see them, in the order of the row: `role`, `content`, and others such as
  /// `tool_calls`; none is null.
  package let members: JSONObject

  package init(role: String, content: String) {
    members = JSONObject([("role", .string(role)), ("content", .string(content))])
  }

  /// - Parameter members: with a `role` that is text.
  init(members: JSONObject) { self.members = members }

  /// `system`, `user`, `assistant`, or another role that the template knows.
  package var role: String { members["role"]?.string ?? "" }

  /// The words of the turn; empty where it has none beside its calls.
  package var content: String { members["content"]?.string ?? "" }

  /// Keys of the calls of tools that an assistant's turn may hold.
  static let callKeys = ["tool_calls", "function_call"]
  /// Keys of an assistant's thinking, in the order in which transformers looks for it.
  static let reasoningKeys = ["reasoning_content", "thinking", "reasoning"]

  /// The thinking; nil where the turn holds none.
  var reasoning: JSON? { Self.reasoningKeys.lazy.compactMap { members[$0] }.first }

  /// True where the turn has neither words nor calls.
  var isBlank: Bool {
    !content.unicodeScalars.contains { !$0.isPythonSpace } && Self.callKeys.allSatisfy { !holds($0) }
  }

  /// The words of the turn, and its calls as JSON.
  var texts: [String] {
    [content]
      + Self.callKeys.filter(holds).compactMap { members[$0] }.map {
        String(decoding: JSONWriter.data($0, .compact), as: UTF8.self)
      }
  }

  /// True where the value of a key says something: it is there, and neither null nor empty.
  func holds(_ key: String) -> Bool { members[key].map { !$0.isEmpty } ?? false }
}

extension ChatMessage: Codable {
  private enum CodingKeys: CodingKey {
    case role, content
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      role: try container.decode(String.self, forKey: .role),
      content: try container.decode(String.self, forKey: .content))
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(role, forKey: .role)
    try container.encode(content, forKey: .content)
  }
}

extension JSON {
  /// True for null, for an empty text, list or object, and for the texts `[]` and `{}`.
  var isEmpty: Bool {
    switch content {
    case .null: true
    case .string(let text): ["", "[]", "{}"].contains(text)
    case .array(let items): items.isEmpty
    case .object(let object): object.members.isEmpty
    default: false
    }
  }
}
