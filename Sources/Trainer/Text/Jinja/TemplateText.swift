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

  package private(set) var runs: [Run] = []
  /// Bytes of UTF-8 in all runs.
  private(set) var byteCount = 0
  /// Ranges of bytes that `{% generation %}` blocks wrote: the assistant's own words, in the order of the text.
  package private(set) var generated: [Range<Int>] = []
  /// True for a text that `safe` or `escape` marked as HTML: text joined to it with `+` is escaped.
  private(set) var isMarkup = false

  init() {}

  init(_ text: String, isContent: Bool = false) { append(Run(text: text, isContent: isContent)) }

  /// The text alone.
  package var plain: String {
    runs.count == 1 ? runs[0].text : runs.reduce(into: "") { $0 += $1.text }
  }

  var isEmpty: Bool { runs.isEmpty }

  /// True where any run is a message's content.
  var hasContent: Bool { runs.contains { $0.isContent } }

  /// A text made from this one; all content where any of this is.
  func derived(_ text: String) -> TemplateText {
    var derived = TemplateText(text, isContent: hasContent)
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
    generated += other.generated.map { start + $0.lowerBound..<start + $0.upperBound }
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
    kept.generated = generated.map { $0.shifted(by: -dropped).clamped(to: 0..<kept.byteCount) }
    return kept
  }

  /// The first `count` bytes; the cut must lie between characters.
  package func prefix(byteCount count: Int) -> TemplateText {
    var cut = TemplateText().markup(isMarkup)
    for run in runs where cut.byteCount < count {
      let bytes = run.text.utf8.prefix(count - cut.byteCount)
      cut.append(Run(text: String(decoding: bytes, as: UTF8.self), isContent: run.isContent))
    }
    cut.generated = generated.map { $0.clamped(to: 0..<cut.byteCount) }
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
