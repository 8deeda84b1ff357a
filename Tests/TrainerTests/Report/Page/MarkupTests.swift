import Testing

import Trainer

@Suite("Markup")
struct MarkupTests {
  @Test("text is escaped, literals and markup stand as they are")
  func escape() {
    let text = "<script>alert(\"1\" & '2')</script>"
    let markup: Markup = "<p title=\"\(text)\">\(text)</p>"
    let escaped = "&lt;script&gt;alert(&quot;1&quot; &amp; &#39;2&#39;)&lt;/script&gt;"
    #expect(markup.text == "<p title=\"\(escaped)\">\(escaped)</p>")
    let outer: Markup = "<div>\(markup)</div>"
    #expect(outer.text == "<div>\(markup.text)</div>")
  }

  @Test("what XML does not know is replaced; line breaks, tabs and other scripts stay")
  func controls() {
    #expect(Markup.escape("a\u{0}b\u{1B}c\u{FFFF}d\u{7F}") == "a\u{FFFD}b\u{FFFD}c\u{FFFD}d\u{FFFD}")
    #expect(Markup.escape("a\r\nb\tc") == "a\u{FFFD}\nb\tc")
    #expect(Markup.escape("快速的 é 🦊") == "快速的 é 🦊")
  }

  @Test("numbers in a drawing have at most one digit after the point")
  func coordinates() {
    let markup: Markup = "\(12.34) \(-0.04) \(7.0) \(-3.25) \(3) \(Double.nan)"
    #expect(markup.text == "12.3 0 7 -3.3 3 0")
  }
}
