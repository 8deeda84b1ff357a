import Foundation

/// A model's Jinja chat template: renders a conversation in the format that the model was trained on.
///
/// The part of Jinja that chat templates use, with the settings that Hugging Face renders them by; anything else is
/// refused by name and line, never passed over.
package struct ChatTemplate: Sendable {
  private let statements: [TemplateStatement]
  /// Names and strings of its expressions and tags: a key of a message that is not among them is never written.
  private let words: Set<String>
  /// True where `{% generation %}` blocks mark what the assistant writes.
  let marksGeneration: Bool

  /// Most bytes of a template; a model's has some ten thousand.
  private static let byteLimit = 1 << 20

  /// Parses a template.
  package init(_ source: String) throws(TemplateError) {
    guard source.utf8.count <= Self.byteLimit else {
      throw TemplateError(
        line: 1, message: "the template has \(source.utf8.count) bytes, and at most \(Self.byteLimit) are read")
    }
    let chunks = try TemplateLexer.chunks(of: source)
    statements = try TemplateParser.statements(of: chunks)
    words = Set(chunks.flatMap(\.tokens).compactMap(\.word))
    marksGeneration = chunks.contains {
      if case .tag(let tokens, _) = $0 { tokens.first?.word == "generation" } else { false }
    }
  }

  /// True where the template asks for a key of a message, or a variable, by its name.
  func names(_ word: String) -> Bool { words.contains(word) }

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

  /// Renders as `render` does, and marks the text that comes from messages and tools, apart from the template's own.
  ///
  /// A message's other keys go to the template too. Thinking is known as `reasoning_content` and as `thinking`, as
  /// transformers gives it: templates read either.
  package func renderText(
    messages: [ChatMessage], tools: JSON? = nil, addGenerationPrompt: Bool, bos: String, eos: String, now: Date
  ) throws(TemplateError) -> TemplateText {
    let turns = messages.enumerated().map { Self.value(of: $0.element, turn: $0.offset) }
    let variables: [String: TemplateValue] = [
      "messages": .list(turns), "add_generation_prompt": .boolean(addGenerationPrompt), "bos_token": .text(bos),
      "eos_token": .text(eos), "tools": tools.map { TemplateValue($0, .content()) } ?? .none, "documents": .none,
    ]
    let bytes = messages.reduce(tools.map(Self.byteCount) ?? 0) { $0 + Self.byteCount($1) }
    let budget = TemplateBudget(messageCount: messages.count, contentBytes: bytes)
    return try TemplateInterpreter(variables: variables, budget: budget, now: now).render(statements)
  }

  /// The text with variables of any kind: messages with all their keys, tools, documents, and the options that a
  /// template knows by name. Strings within the variables count as content, those that stand alone do not.
  package func renderText(variables: JSONObject, now: Date) throws(TemplateError) -> TemplateText {
    var values: [String: TemplateValue] = [:]
    for (name, value) in variables.members {
      values[name] = TemplateValue(value, value.string == nil ? .content() : .template)
    }
    let bytes = variables.members.reduce(0) { $0 + Self.byteCount($1.value) }
    let budget = TemplateBudget(messageCount: variables["messages"]?.array?.count ?? 0, contentBytes: bytes)
    return try TemplateInterpreter(variables: values, budget: budget, now: now).render(statements)
  }

  /// A message as the template sees it. Its role stands beside the template's control tokens, and is no content.
  private static func value(of message: ChatMessage, turn: Int) -> TemplateValue {
    let origin = TemplateOrigin.content(turn: turn)
    var dictionary = TemplateDictionary(
      entries: message.members.members.map { key, value in
        .init(key: key, value: TemplateValue(value, key == "role" ? .template : origin))
      }, keyOrigin: origin)
    if let reasoning = message.reasoning {
      let value = TemplateValue(reasoning, origin)
      if dictionary["thinking"] == nil { dictionary["thinking"] = value }
      dictionary["reasoning_content"] = value
    }
    return .dictionary(dictionary)
  }

  private static func byteCount(_ message: ChatMessage) -> Int {
    message.members.members.reduce(0) { $0 + ($1.value.string?.utf8.count ?? byteCount($1.value)) }
  }

  private static func byteCount(_ value: JSON) -> Int { JSONWriter.data(value, .compact).count }
}
