import Foundation

/// Finds the parts of a rendered conversation that the assistant would write itself, as ranges of bytes.
///
/// - A template with `{% generation %}` blocks says so itself: its blocks, as transformers'
///   `return_assistant_tokens_mask` takes them.
/// - Where the text so far with a generation prompt begins the whole text, a turn goes from the prompt's end through the
///   text that ends the turn.
/// - Otherwise (a template that drops earlier thinking, whose prompt opens a `<think>`, that moves the system's text)
///   the turn's own text is known by its traces, and what the template writes around it by comparison: before it stands
///   what a generation prompt ends with, after it what the template writes where the conversation ends there.
struct AssistantSpans {
  private let renderer: ConversationRenderer
  private let conversation: Conversation
  private let whole: TemplateText
  private let bytes: [UInt8]
  private let date: Date
  /// Renderings of the conversation's beginnings; nil for one that the template refuses.
  private var renderings: [Beginning: TemplateText?] = [:]
  /// The text that a generation prompt adds, once it is known; empty before.
  private var knownHeader: [UInt8] = []

  /// The conversation's first turns, with or without a generation prompt.
  private struct Beginning: Hashable {
    let count: Int
    let prompt: Bool
  }

  /// - Parameters:
  ///   - whole: the conversation's text.
  ///   - date: the date that it was rendered at.
  init(_ conversation: Conversation, whole: TemplateText, renderer: ConversationRenderer, date: Date) {
    self.conversation = conversation
    self.whole = whole
    self.renderer = renderer
    self.date = date
    bytes = Array(whole.plain.utf8)
    renderings[Beginning(count: conversation.messages.count, prompt: false)] = whole
  }

  /// The spans of some of the assistant's turns, in their order, and true where the last of them belongs to the last
  /// turn.
  ///
  /// - Parameter turns: places of the turns, ascending.
  /// - Throws: `TemplateError`, where a turn that says something is not found.
  mutating func find(_ turns: [Int]) throws(TemplateError) -> (spans: [Range<Int>], endsConversation: Bool) {
    let messages = conversation.messages
    let endsInTurn = turns.last == messages.count - 1
    if renderer.template.marksGeneration {
      let blocks = try generated(turns)
      guard !blocks.isEmpty || turns.allSatisfy({ messages[$0].isBlank }) else {
        throw TemplateError(
          line: 0, message: "its generation blocks write nothing of the row's assistant turns: \(Self.remedy)")
      }
      return (blocks, endsInTurn)
    }
    var spans: [Range<Int>] = []
    var endsConversation = false
    for turn in turns {
      var span = continuation(turn)
      if span == nil { span = try traced(turn) }
      guard let span, !span.isEmpty else {
        // A turn without words and calls leaves nothing to be learnt, nor to be found.
        if messages[turn].isBlank { continue }
        throw fault(turn, "is not in its text")
      }
      spans.append(span)
      endsConversation = turn == messages.count - 1
    }
    return (spans, endsConversation)
  }

  /// What the generation blocks of some turns wrote.
  ///
  /// - Throws: `TemplateError`, where the turns of the blocks cannot be told, and not all are asked for.
  private func generated(_ turns: [Int]) throws(TemplateError) -> [Range<Int>] {
    let blocks = whole.generated.filter { !$0.isEmpty }
    let all = conversation.assistantTurns
    guard turns.count < all.count else { return blocks }
    var kept: [Range<Int>] = []
    for (index, block) in blocks.enumerated() {
      // A block's turn is the one whose words stand in it; an empty turn's is known where each turn has one block.
      let written = whole.traces.first { block.contains($0.range.lowerBound) }?.turn
      guard let turn = written ?? (blocks.count == all.count ? all[index] : nil) else {
        throw TemplateError(
          line: 0,
          message: "its generation blocks do not tell which turn they write, and not all turns of the row are "
            + "learnt: \(Self.remedy)")
      }
      if turns.contains(turn) { kept.append(block) }
    }
    return kept
  }

  private static let remedy =
    "leave it out of the row, name another template (base.chat_template), or give {prompt, completion} rows"

  private func fault(_ turn: Int, _ problem: String) -> TemplateError {
    TemplateError(line: 0, message: "turn \(turn + 1) of the row (the assistant's) \(problem): \(Self.remedy)")
  }

  private mutating func beginning(_ count: Int, prompt: Bool) -> TemplateText? {
    let key = Beginning(count: count, prompt: prompt)
    if let known = renderings[key] { return known }
    let text = try? renderer.render(conversation.prefix(count), prompt: prompt, now: date)
    renderings[key] = .some(text)
    return text
  }

  /// The end of a text's first `count` bytes without the white space at their end.
  private func trimmed(_ count: Int, from start: Int) -> Int {
    max(start, whole.prefix(byteCount: count).trimmed(start: false).byteCount)
  }

  // MARK: - By beginnings

  /// Span of a turn where the text before it and the text through it begin the whole text; nil elsewhere.
  private mutating func continuation(_ turn: Int) -> Range<Int>? {
    guard hasPrompt(turn) || header(turn).isEmpty, let before = beginning(turn, prompt: true)?.plain.utf8,
      let through = beginning(turn + 1, prompt: false)?.plain.utf8,
      bytes.starts(with: through), through.starts(with: before)
    else { return nil }
    return before.count..<trimmed(through.count, from: before.count)
  }

  // MARK: - By traces

  /// Span of a turn around the text that comes from its message; nil where there is no such text.
  private mutating func traced(_ turn: Int) throws(TemplateError) -> Range<Int>? {
    let own = whole.traces.filter { $0.turn == turn }
    guard let first = own.first, let last = own.last else { return nil }
    let (lower, upper) = (first.range.lowerBound, last.range.upperBound)
    let others = whole.traces.filter { $0.turn != turn }
    guard others.allSatisfy({ $0.range.upperBound <= lower || $0.range.lowerBound >= upper }) else {
      throw fault(turn, "is written in several places, between the text of other turns")
    }
    let before = (others.last { $0.range.upperBound <= lower }?.range.upperBound ?? 0)..<lower
    let after = upper..<(others.first { $0.range.lowerBound >= upper }?.range.lowerBound ?? bytes.count)
    guard let start = start(turn, in: before) else { throw fault(turn, "has no beginning that can be told") }
    guard let end = end(turn, in: after) else { throw fault(turn, "has no end that can be told") }
    return start..<trimmed(end, from: start)
  }

  /// The place in the template's text before a turn where a generation prompt ends.
  private mutating func start(_ turn: Int, in gap: Range<Int>) -> Int? {
    let text = bytes[gap]
    let tail = beginning(turn, prompt: true)?.tail
    let header = header(turn)
    if hasPrompt(turn) || header.isEmpty, let tail, text.starts(with: tail) { return gap.lowerBound + tail.count }
    // A template without generation prompts: what it writes after the turn before is all that can be shared.
    let shared = header.isEmpty ? tail.map { TextBorder.shared($0, text) } ?? 0 : 0
    if shared > 0 { return gap.lowerBound + shared }
    // A prompt may open what the turn's text lacks, as `<think>`: then a beginning of it stands before the turn.
    for count in [header.count] + TextBorder.ends(of: header).reversed() where TextBorder.says(header[..<count]) {
      if let start = TextBorder.lastStart(of: header[..<count], in: text) { return start + count }
    }
    // Some turns have no prompt, as an answer after a tool's; what stands before them is the template's.
    if let tail, text.starts(with: tail), !tail.isEmpty { return gap.lowerBound + tail.count }
    // No prompt begins this turn, as where the first turn has a form of its own: its words are the turn's, but a call
    // is nothing without what the template writes before it.
    return ChatMessage.callKeys.contains(where: conversation.messages[turn].holds) ? nil : gap.upperBound
  }

  /// True where a generation prompt before a turn adds any text.
  private mutating func hasPrompt(_ turn: Int) -> Bool {
    guard let with = beginning(turn, prompt: true)?.plain.utf8 else { return false }
    if !knownHeader.isEmpty, with.suffix(knownHeader.count).elementsEqual(knownHeader) { return true }
    guard let without = beginning(turn, prompt: false)?.plain.utf8, !with.elementsEqual(without) else { return false }
    knownHeader = header(turn)
    return true
  }

  /// The text that a generation prompt adds: before this turn, or else wherever the template writes one.
  private mutating func header(_ turn: Int) -> [UInt8] {
    for count in [turn, conversation.messages.count] + Array(conversation.messages.indices) {
      guard let with = beginning(count, prompt: true)?.plain.utf8,
        let without = beginning(count, prompt: false)?.plain.utf8
      else { continue }
      let prompt = Array(with)
      let header = prompt[TextBorder.shared(Array(without), prompt[...])...]
      if !header.isEmpty { return Array(header) }
    }
    return []
  }

  /// The place in the template's text after a turn where the turn ends, white space included.
  private mutating func end(_ turn: Int, in gap: Range<Int>) -> Int? {
    let text = bytes[gap]
    // The end of the conversation through this turn, or else of the whole where an assistant's turn ends it.
    let candidates = [(turn, beginning(turn + 1, prompt: false)), (conversation.messages.count - 1, whole)]
    let ending = candidates.first { place, text in
      text?.traces.last?.turn == place && conversation.messages[place].role == "assistant"
    }
    guard let tail = ending?.1?.tail else { return nil }
    if text.starts(with: tail) { return gap.lowerBound + tail.count }
    // Where the conversation ends, a template may write more than after a turn: an end of text, or a next header.
    let shared = text.prefix(TextBorder.shared(tail, text))
    let eos = Array(renderer.eos.utf8)
    if !eos.isEmpty, let start = TextBorder.lastStart(of: eos[...], in: shared) { return start + eos.count }
    return shared.endIndex
  }
}

extension TemplateText {
  /// Bytes after the last part that comes from a message; all where none does.
  fileprivate var tail: [UInt8] { Array(plain.utf8.dropFirst(traces.last?.range.upperBound ?? 0)) }
}
