import Foundation

/// A model's Jinja chat template: renders a conversation in the format that the model was trained on.
///
/// The part of Jinja that chat templates use, with the settings that Hugging Face renders them by; anything else is
/// refused by name and line, never passed over.
package struct ChatTemplate: Sendable {
  private let statements: [TemplateStatement]

  /// Most bytes of a template; a model's has some ten thousand.
  private static let byteLimit = 1 << 20

  /// Parses a template.
  package init(_ source: String) throws(TemplateError) {
    guard source.utf8.count <= Self.byteLimit else {
      throw TemplateError(
        line: 1, message: "the template has \(source.utf8.count) bytes, and at most \(Self.byteLimit) are read")
    }
    statements = try TemplateParser.statements(of: source)
  }

  /// The conversation as text.
  /// - Parameters:
  ///   - addGenerationPrompt: true: the text ends where the assistant's next turn begins.
  ///   - bos: the text of the token that begins a sequence; empty: none.
  ///   - eos: the text of the token that ends one; empty: none.
  ///   - now: the date that `strftime_now` formats.
  package func render(
    messages: [ChatMessage], addGenerationPrompt: Bool, bos: String, eos: String, now: Date = Date()
  ) throws(TemplateError) -> String {
    try renderText(messages: messages, addGenerationPrompt: addGenerationPrompt, bos: bos, eos: eos, now: now).plain
  }

  /// Renders as `render` does, and marks the text that comes from messages' contents, apart from the template's own.
  package func renderText(
    messages: [ChatMessage], addGenerationPrompt: Bool, bos: String, eos: String, now: Date
  ) throws(TemplateError) -> TemplateText {
    let turns = messages.map { message in
      TemplateValue.dictionary(
        TemplateDictionary([
          "role": .text(message.role),
          "content": .string(TemplateText(message.content, isContent: true)),
        ]))
    }
    let variables: [String: TemplateValue] = [
      "messages": .list(turns), "add_generation_prompt": .boolean(addGenerationPrompt), "bos_token": .text(bos),
      "eos_token": .text(eos), "tools": .none, "documents": .none,
    ]
    let budget = TemplateBudget(
      messageCount: messages.count, contentBytes: messages.reduce(0) { $0 + $1.content.utf8.count })
    return try TemplateInterpreter(variables: variables, budget: budget, now: now).render(statements)
  }

  /// The text with variables of any kind: messages with all their keys, tools, documents, and the options that a
  /// template knows by name. Strings within the variables count as content, those that stand alone do not.
  package func renderText(variables: JSONObject, now: Date) throws(TemplateError) -> TemplateText {
    var values: [String: TemplateValue] = [:]
    for (name, value) in variables.members { values[name] = TemplateValue(value, isContent: value.string == nil) }
    let bytes = variables.members.reduce(0) { $0 + JSONWriter.data($1.value, .compact).count }
    let budget = TemplateBudget(messageCount: variables["messages"]?.array?.count ?? 0, contentBytes: bytes)
    return try TemplateInterpreter(variables: values, budget: budget, now: now).render(statements)
  }
}
