import Foundation

/// Conversations → token ids, for training and for generation by one and the same path.
///
/// Supervised are the tokens that the model would write itself (`AssistantSpans`). The text is encoded once, as a whole;
/// a token across the border of a span is supervised, as in transformers.
package struct ConversationEncoder: Sendable {
  /// Date for `strftime_now` in training: the one that Llama 3's templates fall back on. With today's date the same
  /// recipe would give other tokens tomorrow.
  package static let trainingDate = Date(timeIntervalSince1970: 1_721_995_200)

  private let renderer: ConversationRenderer
  private let tokenizer: any Tokenizer

  package init(template: ChatTemplate, tokenizer: any Tokenizer) {
    self.tokenizer = tokenizer
    renderer = ConversationRenderer(
      template: template, bos: tokenizer.special.bos.map { tokenizer.piece($0) } ?? "",
      eos: tokenizer.special.eos.first.map { tokenizer.piece($0) } ?? "")
  }

  /// The ids of a conversation up to where the assistant's next turn begins.
  package func prompt(_ messages: [ChatMessage]) throws(TemplateError) -> [Int32] {
    let text = try renderer.render(Conversation(messages), prompt: true, now: Date())
    return withBOS(ids(of: text, isPlain: isPlain(text)))
  }

  /// A conversation with its labels, uncut.
  ///
  /// - Parameters:
  ///   - lastTurn: true: of the assistant's turns that are learnt, the last one alone is.
  ///   - inputs: true: everything is learnt but the turns that are marked as context.
  /// - Throws: `TemplateError`, where the template cannot write the conversation, leaves out its tools, calls or
  ///   thinking, or writes a turn so that it cannot be found.
  package func encode(
    _ conversation: Conversation, lastTurn: Bool = false, inputs: Bool = false
  ) throws(TemplateError) -> Sample {
    try renderer.check(conversation)
    let text = try renderer.render(conversation, prompt: false, now: Self.trainingDate)
    try renderer.check(text, of: conversation)
    var spans = AssistantSpans(conversation, whole: text, renderer: renderer, date: Self.trainingDate)
    let isPlain = isPlain(text)
    var ids = withBOS(ids(of: text, isPlain: isPlain))
    let places = TokenPlaces(ids, of: Array(text.plain.utf8), tokenizer)
    func tokens(within span: Range<Int>) -> Range<Int> {
      places?.tokens(within: span)
        ?? sharedCount(text, span.lowerBound, ids, isPlain)..<sharedCount(text, span.upperBound, ids, isPlain)
    }
    var labels: [Int32]
    let endsConversation: Bool
    if inputs {
      labels = ids
      for span in try contexts(of: conversation, in: text, &spans) {
        for place in tokens(within: span) { labels[place] = Sample.ignoredLabel }
      }
      let last = conversation.messages.count - 1
      endsConversation = conversation.assistantTurns.last == last && conversation.marks[last]?.isLearnt != false
    } else {
      let found = try spans.find(conversation.learntTurns(last: lastTurn))
      labels = Array(repeating: Sample.ignoredLabel, count: ids.count)
      for span in found.spans {
        for place in tokens(within: span) { labels[place] = ids[place] }
      }
      endsConversation = found.endsConversation
    }
    // A template whose turns end in no special token would teach the model never to stop, so EOS follows the last
    // supervised token.
    if endsConversation, let eos = tokenizer.special.eos.first,
      let last = labels.lastIndex(where: { $0 != Sample.ignoredLabel }),
      let word = labels.lastIndex(where: { $0 != Sample.ignoredLabel && TextBorder.says(tokenizer.bytes(of: $0)) }),
      !ids[word...].contains(where: isEnd)
    {
      ids.replaceSubrange((last + 1)..., with: [eos])
      labels.replaceSubrange((last + 1)..., with: [eos])
    }
    return Sample(ids: ids, labels: labels)
  }

  /// Parts of the text that are never learnt: the turns that the row marks as context; of those of others than the
  /// assistant, the words.
  private func contexts(
    of conversation: Conversation, in text: TemplateText, _ spans: inout AssistantSpans
  ) throws(TemplateError) -> [Range<Int>] {
    let marked = conversation.marks.filter { !$0.value.isLearnt }.keys.sorted()
    guard !marked.isEmpty else { return [] }
    let own = marked.filter { conversation.messages[$0].role == "assistant" }
    let words = text.traces.filter { marked.contains($0.turn) && !own.contains($0.turn) }.map(\.range)
    return own.isEmpty ? words : words + (try spans.find(own).spans)
  }

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

  /// Number of leading ids that the text's first `count` bytes encode to as well: for a tokenizer that does not spell
  /// its texts. A token across the end of these bytes is not among them.
  private func sharedCount(_ text: TemplateText, _ count: Int, _ whole: [Int32], _ isPlain: Bool) -> Int {
    zip(withBOS(ids(of: text.prefix(byteCount: count), isPlain: isPlain)), whole).prefix { $0 == $1 }.count
  }

  private func isEnd(_ id: Int32) -> Bool { tokenizer.special.eos.contains(id) || tokenizer.isSpecial(id) }
}
