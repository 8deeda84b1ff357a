import Foundation

/// Conversations → token ids, for training and for generation by one and the same path.
///
/// Supervised are the tokens that the model would write itself: each assistant turn, from the end of the generation
/// prompt through the token that ends the turn. The spans are found by rendering the conversation up to each turn, so
/// any template that only appends will do.
package struct ConversationEncoder: Sendable {
  /// Date for `strftime_now` in training: the one that Llama 3's templates fall back on. With today's date the same
  /// recipe would give other tokens tomorrow.
  package static let trainingDate = Date(timeIntervalSince1970: 1_721_995_200)

  private let template: ChatTemplate
  private let tokenizer: any Tokenizer
  private let bosText: String
  private let eosText: String

  package init(template: ChatTemplate, tokenizer: any Tokenizer) {
    self.template = template
    self.tokenizer = tokenizer
    bosText = tokenizer.special.bos.map { tokenizer.piece($0) } ?? ""
    eosText = tokenizer.special.eos.first.map { tokenizer.piece($0) } ?? ""
  }

  /// The ids of a conversation up to where the assistant's next turn begins.
  package func prompt(_ messages: [ChatMessage]) throws(TemplateError) -> [Int32] {
    let text = try render(messages, prompt: true, now: Date())
    return withBOS(ids(of: text, isPlain: isPlain(text)))
  }

  /// A conversation with its labels, uncut.
  package func encode(_ messages: [ChatMessage]) throws(TemplateError) -> Sample {
    let text = try render(messages, prompt: false, now: Self.trainingDate)
    let isPlain = isPlain(text)
    var ids = withBOS(ids(of: text, isPlain: isPlain))
    var labels = Array(repeating: Sample.ignoredLabel, count: ids.count)
    var endsTurn = false
    for (index, message) in messages.enumerated() where message.role == "assistant" {
      let turn = try span(of: index, in: messages, text: text)
      let start = sharedCount(text.prefix(byteCount: turn.lowerBound), ids, isPlain: isPlain)
      let end = sharedCount(text.prefix(byteCount: turn.upperBound), ids, isPlain: isPlain)
      for place in start..<max(start, end) { labels[place] = ids[place] }
      endsTurn = index == messages.count - 1
    }
    // A template whose turns end in no special token would teach the model never to stop, so EOS follows the last
    // supervised token.
    if endsTurn, let eos = tokenizer.special.eos.first,
      let last = labels.lastIndex(where: { $0 != Sample.ignoredLabel }), !isEnd(ids[last])
    {
      ids.replaceSubrange((last + 1)..., with: [eos])
      labels.replaceSubrange((last + 1)..., with: [eos])
    }
    return Sample(ids: ids, labels: labels)
  }

  // MARK: - Text

  private func render(_ messages: [ChatMessage], prompt: Bool, now: Date) throws(TemplateError) -> TemplateText {
    try template.renderText(
      messages: messages, addGenerationPrompt: prompt, bos: bosText, eos: eosText, now: now)
  }

  /// Byte range of an assistant's turn in the text, without trailing white space.
  private func span(
    of index: Int, in messages: [ChatMessage], text: TemplateText
  ) throws(TemplateError) -> Range<Int> {
    let before = try render(Array(messages[..<index]), prompt: true, now: Self.trainingDate).plain
    let through = try render(Array(messages[...index]), prompt: false, now: Self.trainingDate)
    let whole = text.plain
    guard PythonString.hasPrefix(whole, through.plain), PythonString.hasPrefix(through.plain, before) else {
      throw TemplateError(
        line: 1,
        message: "turn \(index + 1) is rendered differently once more turns follow, so its place in the text is "
          + "unknown: use {prompt, completion} rows, or a template that only appends")
    }
    let start = before.utf8.count
    return start..<max(start, through.trimmed(start: false).byteCount)
  }

  // MARK: - Tokens

  /// True where no content spells a special token, so that the text can be encoded as a whole, as Hugging Face does.
  private func isPlain(_ text: TemplateText) -> Bool {
    text.runs.allSatisfy { !$0.isContent || tokenizer.encode($0.text) == tokenizer.encodeOrdinary($0.text) }
  }

  /// Token ids of a rendered text.
  ///
  /// - Parameter isPlain: true: the text is encoded as a whole; false: each content by itself, as ordinary text.
  private func ids(of text: TemplateText, isPlain: Bool) -> [Int32] {
    guard !isPlain else { return tokenizer.encode(text.plain) }
    return text.runs.flatMap { $0.isContent ? tokenizer.encodeOrdinary($0.text) : tokenizer.encode($0.text) }
  }

  /// Puts BOS first where the tokenizer adds it and the template has not.
  private func withBOS(_ ids: [Int32]) -> [Int32] {
    guard tokenizer.special.addsBOS, let bos = tokenizer.special.bos, ids.first != bos else { return ids }
    return [bos] + ids
  }

  /// Number of leading ids that a beginning of the text encodes to as well.
  ///
  /// A token across the end of the beginning is not among them.
  private func sharedCount(_ beginning: TemplateText, _ whole: [Int32], isPlain: Bool) -> Int {
    zip(withBOS(ids(of: beginning, isPlain: isPlain)), whole).prefix { $0 == $1 }.count
  }

  private func isEnd(_ id: Int32) -> Bool { tokenizer.special.eos.contains(id) || tokenizer.isSpecial(id) }
}
