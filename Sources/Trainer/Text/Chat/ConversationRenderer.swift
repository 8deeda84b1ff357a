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
      for key in ChatMessage.callKeys where message.holds(key) && !template.names(key) {
        throw unread(key, of: index, "write the call into the turn's text")
      }
      guard let key = ChatMessage.reasoningKeys.first(where: message.holds),
        !ChatMessage.reasoningKeys.contains(where: template.names)
      else { continue }
      throw unread(key, of: index, "write it into the turn's text, or remove the key")
    }
  }

  private func unread(_ key: String, of index: Int, _ remedy: String) -> TemplateError {
    TemplateError(
      line: 0,
      message: "it does not read \"\(key)\", which turn \(index + 1) of the row has and which changes what it means: "
        + "\(remedy), or name a template that reads it (base.chat_template)")
  }
}
