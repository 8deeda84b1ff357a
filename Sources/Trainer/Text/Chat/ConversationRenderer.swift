import Foundation

/// A template with what it needs beside a conversation.
struct ConversationRenderer: Sendable {
  let template: ChatTemplate
  /// Text of the token that begins a sequence; empty: none.
  let bos: String
  /// Text of the token that ends one; empty: none.
  let eos: String

  /// The conversation as text.
  /// - Parameter prompt: true: the text ends where the assistant's next turn begins.
  func render(_ conversation: Conversation, prompt: Bool, now: Date) throws(TemplateError) -> TemplateText {
    try template.renderText(
      messages: conversation.messages, tools: conversation.tools, addGenerationPrompt: prompt, bos: bos, eos: eos,
      now: now)
  }

  /// Refuses a conversation with tools, calls or thinking that the template never asks for: it would leave them out,
  /// and the model learn something else than the row says.
  func check(_ conversation: Conversation) throws(TemplateError) {
    if conversation.tools != nil, !template.names("tools") {
      throw TemplateError(
        line: 0,
        message: "it does not read the row's \"tools\": write them into the text of the system's turn, or name a "
          + "template that reads them (base.chat_template)")
    }
    for (index, message) in conversation.messages.enumerated() {
      guard Self.commonRoles.contains(message.role) || template.names(message.role) else {
        throw TemplateError(
          line: 0,
          message:
            "it does not know the role \"\(message.role)\" of turn \(index + 1) of the row, which would be context "
            + "under a name that the model has never seen: write system, user, assistant or tool")
      }
      for key in ChatMessage.callKeys where message.holds(key) && !template.names(key) {
        throw unread(key, of: index, "write the call into the turn's text")
      }
      guard let key = ChatMessage.reasoningKeys.first(where: message.holds),
        !ChatMessage.reasoningKeys.contains(where: template.names)
      else { continue }
      throw unread(key, of: index, "write it into the turn's text, or remove the key")
    }
  }

  /// Roles that rows may have whether or not the template asks for them by name: many write any role as it stands.
  private static let commonRoles: Set<String> = [
    "system", "developer", "user", "assistant", "tool", "function", "ipython",
  ]

  /// Refuses a text without the words of a turn of another role than system, user and assistant: the template left out a
  /// tool's answer, and the model would learn to know it by itself.
  func check(_ text: TemplateText, of conversation: Conversation) throws(TemplateError) {
    for (index, message) in conversation.messages.enumerated()
    where !["system", "user", "assistant"].contains(message.role) && !message.isBlank {
      guard !text.traces.contains(where: { $0.turn == index }) else { continue }
      throw TemplateError(
        line: 0,
        message:
          "it leaves out turn \(index + 1) of the row, whose role is \(message.role): leave out the row, or name "
          + "a template that writes such turns (base.chat_template)")
    }
  }

  private func unread(_ key: String, of index: Int, _ remedy: String) -> TemplateError {
    TemplateError(
      line: 0,
      message: "it does not read \"\(key)\", which turn \(index + 1) of the row has and which changes what it means: "
        + "\(remedy), or name a template that reads it (base.chat_template)")
  }
}
