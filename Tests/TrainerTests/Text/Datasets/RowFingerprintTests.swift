import Testing

import Trainer

@Suite("What makes two rows the same")
struct RowFingerprintTests {
  static let equal = [
    ("The cat, the hat.", "  the CAT — the\that"),
    ("Straße", "STRASSE"),
    ("ΟΔΟΣ", "οδος"),
    ("ﬁne Ａ１", "fine A1"),
    ("cafe\u{301}", "café"),
    ("你好，世界", "你 好 世界"),
    ("snake_case-name", "snake case name"),
    // The same words by the ASCII path and by the general one.
    ("one two “three”", "one two three"),
  ]

  @Test("spacing, punctuation, capitals and compatibility forms make no other row", arguments: equal)
  func same(_ a: String, _ b: String) {
    #expect(RowFingerprint(.text(a)) == RowFingerprint(.text(b)))
    #expect(RowFingerprint(.text(a)).row == RowFingerprint(.text(b)).row)
  }

  static let unequal = [
    ("one two", "two one"), ("one two", "onetwo"), ("cafe", "café"), ("a", "a a"), ("कि", "की"), ("3.14", "314"),
    ("!", "?"), ("", "!"),
  ]

  @Test("other words, marks or order do, and rows without a word are what they are", arguments: unequal)
  func different(_ a: String, _ b: String) {
    #expect(RowFingerprint(.text(a)).row != RowFingerprint(.text(b)).row)
  }

  @Test("a row counts as a whole, under whichever keys its words stand; tokens equal no text")
  func shapes() {
    let text = RowFingerprint(.text("one two: three"))
    #expect(RowFingerprint(.completion(prompt: "one two:", completion: " three")) == text)
    let turns = [ChatMessage(role: "user", content: "one two"), ChatMessage(role: "assistant", content: "Three")]
    #expect(RowFingerprint(.conversation(Conversation(turns))) == text)
    // A word ends with its text.
    #expect(RowFingerprint(.completion(prompt: "one", completion: "two three")) == text)
    #expect(RowFingerprint(.completion(prompt: "one two", completion: "four")).row != text.row)
    let tokens = RowFingerprint(.tokens(ids: [1, 2], labels: [-100, 2]))
    #expect(tokens == RowFingerprint(.tokens(ids: [1, 2], labels: [1, 2])))
    #expect(tokens.row != RowFingerprint(.tokens(ids: [2, 1], labels: [2, 1])).row)
    #expect(tokens.row != RowFingerprint(.text("1 2")).row)
  }

  @Test("runs of words are equal where the words are, wherever they stand")
  func grams() {
    let long = RowFingerprint(.text("zero one two three four five six seven eight nine"))
    let grams = long.grams(of: 8)
    #expect(grams.count == 3 && Set(grams).count == 3)
    #expect(RowFingerprint(.text("One two three, four five six seven eight!")).grams(of: 8) == [grams[1]])
    #expect(RowFingerprint(.text("one two three four five six seven")).grams(of: 8).isEmpty)
    #expect(RowFingerprint(.text("a a a")).grams(of: 2).count == 2)
    #expect(Set(RowFingerprint(.text("a a a")).grams(of: 2)).count == 1)
    #expect(long.grams(of: 10) == long.grams(of: 10) && long.grams(of: 10).count == 1)
    #expect(Set(RowFingerprint(.text("a b a")).grams(of: 2)).count == 2)
  }
}
