/// Rendered text that marks the runs that come from messages' contents.
///
/// A user's text must never become a control token; the same characters in the template must. Only here, where the two
/// are joined, can they be told apart. Text derived from both counts as the user's, which is the safe side.
package struct TemplateText: Sendable {
  package struct Run: Sendable, Equatable {
    package var text: String
    /// True for a message's content.
    package let isContent: Bool

    package init(text: String, isContent: Bool) {
      self.text = text
      self.isContent = isContent
    }
  }

  /// A part of the text that comes from the values of one message: its content, calls of tools or thinking.
  package struct Trace: Sendable, Equatable {
    /// Place of the message, from 0.
    package let turn: Int
    /// Bytes of the part.
    package let range: Range<Int>
  }

  package private(set) var runs: [Run] = []
  /// Bytes of UTF-8 in all runs.
  private(set) var byteCount = 0
  /// Ranges of bytes that `{% generation %}` blocks wrote: the assistant's own words, in the order of the text.
  package private(set) var generated: [Range<Int>] = []
  /// Ranges of bytes that come from one message's values, in the order of the text; neighbours of one message are one.
  package private(set) var traces: [Trace] = []
  /// True for a text that `safe` or `escape` marked as HTML: text joined to it with `+` is escaped.
  private(set) var isMarkup = false

  init() {}

  init(_ text: String, _ origin: TemplateOrigin = .template) {
    append(Run(text: text, isContent: origin.isContent))
    if let turn = origin.turn { add(Trace(turn: turn, range: 0..<byteCount)) }
  }

  /// The text alone.
  package var plain: String {
    runs.count == 1 ? runs[0].text : runs.reduce(into: "") { $0 += $1.text }
  }

  var isEmpty: Bool { runs.isEmpty }

  /// True where any run is a message's content.
  var hasContent: Bool { runs.contains { $0.isContent } }

  /// The origin of all its parts.
  var origin: TemplateOrigin {
    var origin = hasContent ? TemplateOrigin.content() : .template
    for trace in traces { origin.add(.content(turn: trace.turn)) }
    return origin
  }

  /// A text made from this one; all content where any of this is.
  func derived(_ text: String) -> TemplateText {
    var derived = TemplateText(text, origin)
    derived.isMarkup = isMarkup
    return derived
  }

  /// The text with the mark of HTML, or without it.
  func markup(_ isMarkup: Bool) -> TemplateText {
    var marked = self
    marked.isMarkup = isMarkup
    return marked
  }

  /// The text as a `{% generation %}` block writes it.
  func asGenerated() -> TemplateText {
    var whole = self
    whole.generated = [0..<byteCount]
    return whole
  }

  mutating func append(_ other: TemplateText) {
    let start = byteCount
    for run in other.runs { append(run) }
    generated += other.generated.map { $0.shifted(by: start) }
    for trace in other.traces { add(Trace(turn: trace.turn, range: trace.range.shifted(by: start))) }
  }

  /// Adds a part behind all others.
  private mutating func add(_ trace: Trace) {
    guard !trace.range.isEmpty else { return }
    if let last = traces.last, last.turn == trace.turn, last.range.upperBound == trace.range.lowerBound {
      traces[traces.count - 1] = Trace(turn: last.turn, range: last.range.lowerBound..<trace.range.upperBound)
    } else {
      traces.append(trace)
    }
  }

  /// Takes over the marks of a text that this one is a part of, from its byte `start` on.
  private mutating func takeMarks(of whole: TemplateText, from start: Int) {
    let bounds = 0..<byteCount
    generated = whole.generated.map { $0.shifted(by: -start).clamped(to: bounds) }
    traces = []
    for trace in whole.traces {
      add(Trace(turn: trace.turn, range: trace.range.shifted(by: -start).clamped(to: bounds)))
    }
  }

  private mutating func append(_ run: Run) {
    guard !run.text.isEmpty else { return }
    byteCount += run.text.utf8.count
    if let last = runs.indices.last, runs[last].isContent == run.isContent {
      runs[last].text += run.text
    } else {
      runs.append(run)
    }
  }

  /// The text without the characters at its ends that `dropping` accepts.
  func trimmed(
    start: Bool = true, end: Bool = true, dropping: (Unicode.Scalar) -> Bool = { $0.isPythonSpace }
  ) -> TemplateText {
    var rest = runs[...]
    var first: Run?
    if start {
      while let run = rest.popFirst() {
        let kept = String(String.UnicodeScalarView(run.text.unicodeScalars.drop(while: dropping)))
        guard kept.isEmpty else {
          first = Run(text: kept, isContent: run.isContent)
          break
        }
      }
    }
    var kept = TemplateText().markup(isMarkup)
    if let first { kept.append(first) }
    for run in rest { kept.append(run) }
    let dropped = byteCount - kept.byteCount
    while end, let run = kept.runs.popLast() {
      kept.byteCount -= run.text.utf8.count
      var scalars = run.text.unicodeScalars[...]
      while let last = scalars.last, dropping(last) { scalars.removeLast() }
      guard scalars.isEmpty else {
        kept.append(Run(text: String(scalars), isContent: run.isContent))
        break
      }
    }
    kept.takeMarks(of: self, from: dropped)
    return kept
  }

  /// The first `count` bytes; the cut must lie between characters.
  package func prefix(byteCount count: Int) -> TemplateText {
    var cut = TemplateText().markup(isMarkup)
    for run in runs where cut.byteCount < count {
      let bytes = run.text.utf8.prefix(count - cut.byteCount)
      cut.append(Run(text: String(decoding: bytes, as: UTF8.self), isContent: run.isContent))
    }
    cut.takeMarks(of: self, from: 0)
    return cut
  }
}

extension Range<Int> {
  fileprivate func shifted(by count: Int) -> Range<Int> { lowerBound + count..<upperBound + count }
}

extension Unicode.Scalar {
  /// True for Python's `str.isspace`: Unicode's white space and the four ASCII separators.
  var isPythonSpace: Bool { properties.isWhitespace || (0x1C...0x1F).contains(value) }
}
