import Testing
import Trainer

@Suite("Texts for a reverse model")
struct ReverseTextTests {
  /// A tokenizer of 256 bytes, BOS, EOS and padding; the tests ask it whether it adds BOS.
  private static func bytes() throws -> ByteTokenizer { try ByteTokenizer(vocabularySize: 259) }

  private static func ids(_ text: String) -> [Int32] { text.utf8.map(Int32.init) }

  private static func bos(_ tokenizer: ByteTokenizer) -> [Int32] {
    tokenizer.special.addsBOS ? [tokenizer.special.bos].compactMap { $0 } : []
  }

  @Test("by token, the last is first, after BOS and the marker; an answer is turned round again")
  func token() throws {
    let tokenizer = try Self.bytes()
    let text = try ReverseText(tokenizer: tokenizer, unit: .token, marker: "<")
    #expect(text.prompt("abc") == Self.bos(tokenizer) + Self.ids("<cba"))
    let answer = text.readingOrder(Self.ids(" eht"))
    #expect(answer.text == "the " && answer.ids == Self.ids("the "))
    #expect(try ReverseText(tokenizer: tokenizer, unit: .token, marker: nil).prompt("") == Self.bos(tokenizer))
  }

  @Test("by word, words keep their letters, with one space between")
  func word() throws {
    let tokenizer = try Self.bytes()
    let text = try ReverseText(tokenizer: tokenizer, unit: .word, marker: nil)
    #expect(text.prompt("  of the\nmill ") == Self.bos(tokenizer) + Self.ids("mill the of"))
    let answer = text.readingOrder(Self.ids(" is Ida"))
    #expect(answer.text == "Ida is" && answer.ids == Self.ids("Ida is"))
  }

  @Test("what is read is what training's reversal makes of the same row", arguments: ReverseText.Unit.allCases)
  func asTrained(_ unit: ReverseText.Unit) throws {
    let tokenizer = try Self.bytes()
    var objective = ReadingOrder(forward: 0, reverse: 1)
    objective.unit = unit == .token ? .token : .word
    objective.marker = "<"
    let reversal = try #require(Reversal(objective, tokenizer: tokenizer, seed: 1, round: 1, dataset: 0))
    let row = DatasetRow.text("Ida owns the mill")
    let encoded = try RowEncoder(tokenizer: tokenizer, vocabularySize: 259).encode(row)
    let trained = try reversal.variant(of: row, sample: encoded, index: 0)
    let read = try ReverseText(tokenizer: tokenizer, unit: unit, marker: "<").prompt("Ida owns the mill")
    #expect(read == Array(trained.ids.prefix(read.count)))
    #expect(Array(trained.ids.dropFirst(read.count)) == Array(tokenizer.special.eos.prefix(1)))
  }

  @Test("after a completion the prompt alone is supervised", arguments: ReverseText.Unit.allCases)
  func completion(_ unit: ReverseText.Unit) throws {
    let tokenizer = try Self.bytes()
    let text = try ReverseText(tokenizer: tokenizer, unit: unit, marker: "<")
    let sample = text.sample(prompt: "Who is", completion: " Ida now")
    let (given, asked) = unit == .token ? ("<won adI ", "si ohW") : ("<now Ida", " is Who")
    #expect(sample.ids == Self.bos(tokenizer) + Self.ids(given + asked))
    #expect(sample.labels.filter { $0 != Sample.ignoredLabel } == Self.ids(asked))
    #expect(sample.labels.suffix(asked.utf8.count) == Self.ids(asked)[...])
  }

  @Test("a scored text has neither BOS nor the marker supervised")
  func scored() throws {
    let tokenizer = try Self.bytes()
    let sample = try ReverseText(tokenizer: tokenizer, unit: .token, marker: "<").sample("ab")
    let head = Self.bos(tokenizer).count + 1
    #expect(sample.ids.dropFirst(head).prefix(2) == Self.ids("ba")[...])
    #expect(sample.labels.prefix(head).allSatisfy { $0 == Sample.ignoredLabel })
    #expect(sample.labels.dropFirst(head) == sample.ids.dropFirst(head))
  }
}
