import Testing

import Trainer

/// Text of strangers, as it is shown.
@Suite struct ShownTextTests {
  @Test("a line: whatever steers, hides or turns round is spelled out, the rest stays")
  func line() {
    #expect(printable("naïve 日本語 👍🏽 \\ \"'") == "naïve 日本語 👍🏽 \\ \"'")
    #expect(printable("a\nb\r\tc\u{0}") == #"a\nb\r\tc\0"#)
    #expect(printable("\u{1B}[31m\u{7F}\u{9B}2J\u{2028}") == #"\u{1B}[31m\u{7F}\u{009B}2J\u{2028}"#)
    #expect(printable("a\u{202E}b\u{2066}c\u{200B}d\u{FEFF}") == #"a\u{202E}b\u{2066}c\u{200B}d\u{FEFF}"#)
  }

  @Test("no scalar that steers a terminal passes, as a line or as a text")
  func everyScalar() {
    for value in UInt32(0)...0x2_FFFF {
      guard let scalar = Unicode.Scalar(value) else { continue }
      let steers =
        value < 0x20 || (0x7F...0x9F).contains(value) || [0x61C, 0x200E, 0x200F, 0x2028, 0x2029].contains(value)
        || (0x202A...0x202E).contains(value) || (0x2066...0x2069).contains(value)
      let text = String(Character(scalar))
      if steers || printable(text) != text { #expect(printable(text).hasPrefix("\\"), "\(value)") }
      if steers { #expect(printable(text) != text, "\(value)") }
      #expect((printableText(text) == text) == (!steers || scalar == "\n" || scalar == "\t"), "\(value)")
    }
  }

  @Test("a text keeps lines, tabs and what joins letters; in parts it is the same as whole")
  func text() {
    let family = "👨\u{200D}👩\u{200D}👧"
    #expect(printableText("a\n\tb \(family)") == "a\n\tb \(family)")
    #expect(printableText("a\r\n\u{1B}[2J\u{202E}") == "a\\r\n" + #"\u{1B}[2J\u{202E}"#)
    let parts = ["a\r", "\n\u{1B}", "[2J", "👨", "\u{200D}👩"]
    #expect(parts.map { printableText($0) }.joined() == printableText(parts.joined()))
  }
}
