/// Turns that go through the chat template, and the tools that the template writes beside them.
package struct Conversation: Sendable, Equatable {
  package let messages: [ChatMessage]
  /// Descriptions of tools, each usually a JSON schema of a function; nil where the row names none.
  package let tools: JSON?

  package init(_ messages: [ChatMessage], tools: JSON? = nil) {
    self.messages = messages
    self.tools = tools
  }

  /// The conversation before a turn.
  func prefix(_ count: Int) -> Conversation { Conversation(Array(messages.prefix(count)), tools: tools) }

  /// The texts of the turns, calls of tools among them.
  var texts: [String] { messages.flatMap(\.texts) }
}
