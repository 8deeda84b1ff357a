/// One turn of a conversation.
package struct ChatMessage: Sendable, Equatable, Codable {
  /// `system`, `user`, `assistant`, or another role that the template knows.
  package let role: String
  package let content: String

  package init(role: String, content: String) {
    self.role = role
    self.content = content
  }
}
