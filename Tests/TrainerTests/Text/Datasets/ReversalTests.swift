import Foundation
import Testing
import Trainer

@Suite("Reversed rows")
struct ReversalTests {
  /// A tokenizer of characters that begins and ends texts; `<|im_start|>` is a special token of its own.
  private static func tokenizer(addsBOS: Bool = true) -> WordTokenizer {
    var tokenizer = WordTokenizer()
    tokenizer.special.addsBOS = addsBOS
    return tokenizer
  }

  private static func reversal(
    _ unit: Reversal.Unit, longest: Int = 25, marker: String? = nil, tokenizer: (any Tokenizer)? = tokenizer(),
    seed: UInt64 = 1, round: Int = 1, dataset: Int = 0
  ) -> Reversal? {
    var objective = ReadingOrder(forward: 0.5, reverse: 0.5)
    (objective.unit, objective.longestSegment, objective.marker) = (unit, longest, marker)
    return Reversal(objective, tokenizer: tokenizer, seed: seed, round: round, dataset: dataset)
  }

  private func load(_ lines: String, _ reversal: Reversal?, sequenceLength: Int = 64) throws -> Dataset {
    try DatasetFixture(lines).load(tokenizer: Self.tokenizer(), sequenceLength: sequenceLength, reversal: reversal)
  }

  /// The variant's text, and its supervised places.
  private func shown(_ sample: Sample) -> String { Self.tokenizer().decode(sample.ids, skipSpecial: false) }

  @Test("by token, labels travel with their tokens; BOS stays first and EOS last")
  func token() throws {
    let dataset = try load(
      """
      {"text": "abc"}
      {"prompt": "ab", "completion": "cd"}
      {"input_ids": [0, 105, 106, 107, 1], "labels": [-100, 105, -100, 107, 1]}
      {"input_ids": [105, 106, 107], "labels": [105, -100, 107]}
      """, Self.reversal(.token))
    let reversed = try #require(dataset.reversed)
    #expect(reversed.map(shown).prefix(2) == ["<s>cba</s>", "<s>dcba</s>"])
    #expect(Self.tokenizer().supervised(reversed[0]) == "cba</s>")
    #expect(Self.tokenizer().supervised(reversed[1]) == "dc|</s>")
    #expect(reversed[2] == Sample(ids: [0, 107, 106, 105, 1], labels: [-100, 107, -100, 105, 1]))
    #expect(reversed[3] == Sample(ids: [107, 106, 105], labels: [107, -100, 105]))
    // The samples themselves are the same as without a reversal.
    #expect(dataset.samples == (try load(DatasetFixture.three, nil)).samples + dataset.samples.suffix(2))
    #expect(dataset.sample(1, reversed: true) == reversed[1])
    #expect(dataset.sample(1, reversed: false) == dataset.samples[1])
    #expect(dataset.variants == dataset.samples + reversed)
  }

  @Test("rows of tokens without a tokenizer are turned round whole")
  func tokensAlone() throws {
    let row = "{\"input_ids\": [0, 5, 6, 1], \"labels\": [-100, 5, 6, 1]}"
    let dataset = try DatasetFixture(row).load(tokenizer: nil, reversal: Self.reversal(.token, tokenizer: nil))
    #expect(dataset.reversed == [Sample(ids: [1, 6, 5, 0], labels: [1, 6, 5, -100])])
  }

  @Test("by word, the text is turned round before it is encoded, and all of it is supervised")
  func word() throws {
    let dataset = try load(
      """
      {"text": " one  two\\nthree. "}
      {"prompt": "ab c", "completion": "d e"}
      {"text": "<|im_start|> x"}
      """, Self.reversal(.word))
    let reversed = try #require(dataset.reversed)
    #expect(reversed.map(shown) == ["<s>three. two one</s>", "<s>e cd ab</s>", "<s>x <|im_start|></s>"])
    #expect(reversed.allSatisfy { $0.labels == [-100] + $0.ids.dropFirst() })
    #expect(!reversed[2].ids.contains(2), "a row that spells a control token out does not get one")
  }

  @Test("by segment, the pieces come back to front and keep their inner order")
  func segment() throws {
    let words = (0..<40).map { "w\($0)" }
    let dataset = try load(
      "{\"text\": \"\(words.joined(separator: " "))\"}", Self.reversal(.segment, longest: 4), sequenceLength: 500)
    let turned = Self.tokenizer().decode(try #require(dataset.reversed)[0].ids, skipSpecial: true)
    let numbers = turned.split(separator: " ").compactMap { Int($0.dropFirst()) }
    #expect(numbers.sorted() == Array(0..<40))
    // A stretch that rises by one is a segment; each is followed by the segment before it.
    var segments: [[Int]] = []
    for number in numbers {
      if let last = segments.last?.last, number == last + 1 {
        segments[segments.count - 1].append(number)
      } else {
        segments.append([number])
      }
    }
    #expect(segments.count > 10 && segments.allSatisfy { $0.count <= 4 })
    #expect(segments.reversed().flatMap { $0 } == Array(0..<40))
    #expect(Set(segments.map(\.count)) == [1, 2, 3, 4])
  }

  @Test("the lengths of segments are even in the long run; one word and none are themselves")
  func lengths() {
    let words = Reversal.words(of: String(repeating: "a ", count: 30_000))
    let segments = Reversal.segments(of: words, longest: 3, random: KeyedRandom(1))
    #expect(segments.flatMap { $0 }.count == 30_000)
    for length in 1...3 {
      let share = Double(segments.count { $0.count == length }) / Double(segments.count)
      #expect(abs(share - 1.0 / 3) < 0.02, "\(length): \(share)")
    }
    #expect(Reversal.segments(of: ["a"], longest: 25, random: KeyedRandom(1)) == [["a"]])
    #expect(Reversal.segments(of: [], longest: 25, random: KeyedRandom(1)).isEmpty)
  }

  @Test("the cut is a function of seed, round, dataset and row alone")
  func keys() throws {
    let row = "{\"text\": \"\((0..<30).map { "w\($0)" }.joined(separator: " "))\"}\n"
    func variants(_ seed: UInt64 = 1, _ round: Int = 1, _ dataset: Int = 0) throws -> [Sample] {
      let reversal = Self.reversal(.segment, longest: 3, seed: seed, round: round, dataset: dataset)
      return try #require(try load(row + row, reversal, sequenceLength: 500).reversed)
    }
    let first = try variants()
    #expect(try variants() == first)
    #expect(first[0] != first[1])
    for other in [try variants(2), try variants(1, 2), try variants(1, 1, 1)] { #expect(other[0] != first[0]) }
    // Reversal by token or by word draws nothing: it is the same in every round, and made once.
    let plain = [1, 2].map { Self.reversal(.word, round: $0)?.key }
    #expect(plain[0] == plain[1])
    let drawn = [1, 2].map { Self.reversal(.segment, round: $0)?.key }
    #expect(drawn[0] != drawn[1])
  }

  @Test("a marker stands after BOS in reversed rows alone, unsupervised; a special token of its name is one id")
  func marker() throws {
    let rows = "{\"text\": \"ab\"}"
    let text = try load(rows, Self.reversal(.token, marker: "R>"))
    #expect(text.samples.map(shown) == ["<s>ab</s>"])
    let reversed = try #require(text.reversed)[0]
    #expect(shown(reversed) == "<s>R>ba</s>" && Self.tokenizer().supervised(reversed) == "ba</s>")
    let special = try #require(try load(rows, Self.reversal(.word, marker: "<|im_start|>")).reversed)[0]
    #expect(special.ids.prefix(2) == [0, 2] && special.labels.prefix(2) == [-100, -100])
    let error = DatasetFixture.error(
      "{\"input_ids\": [5, 6], \"labels\": [5, 6]}", tokenizer: nil,
      reversal: Self.reversal(.token, marker: "R>", tokenizer: nil))
    #expect(error?.message.contains("the marker \"R>\"") == true && error?.place.hasSuffix(":1") == true)
  }

  @Test(
    "turns and tokens by word or segment are refused in one line that names the row", arguments: ["word", "segment"])
  func refused(_ unit: String) throws {
    let reversal = Self.reversal(try #require(Reversal.Unit(rawValue: unit)))
    var tokenizer = Self.tokenizer()
    tokenizer.chatTemplate = "{% for m in messages %}{{ m.content }}<|im_end|>{% endfor %}"
    for row in [
      "{\"input_ids\": [5, 6], \"labels\": [5, 6]}",
      "{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}, {\"role\": \"assistant\", \"content\": \"b\"}]}",
    ] {
      let error = DatasetFixture.error("{\"text\": \"a b\"}\n" + row, tokenizer: tokenizer, reversal: reversal)
      #expect(error?.place.hasSuffix(".jsonl:2") == true)
      #expect(error?.message.contains("by token only") == true && error?.message.contains(unit) == true)
      #expect(error?.description.contains("\n") == false)
    }
  }

  @Test("a variant longer than a sequence is cut; a row that one direction leaves without a target is dropped")
  func cut() throws {
    let marked = try load("{\"text\": \"abcd\"}", Self.reversal(.token, marker: "R>"), sequenceLength: 6)
    #expect(marked.samples.map(shown) == ["<s>abcd</s>"])
    #expect(try #require(marked.reversed).map(shown) == ["<s>R>dcb"])
    #expect(marked.statistics.cut == 0)
    let rows = "{\"input_ids\": [5, 6], \"labels\": [-100, 6]}\n{\"input_ids\": [5, 6, 7], \"labels\": [5, 6, -100]}"
    let kept = try load(rows, Self.reversal(.token))
    #expect(kept.samples == [Sample(ids: [5, 6, 7], labels: [5, 6, -100])])
    #expect(kept.statistics.dropped == 1 && kept.reversed?.count == 1)
    #expect(kept.place(of: 0).hasSuffix(":2"))
  }

  @Test("of a document each piece has its own variant, with what lies in the piece")
  func document() throws {
    let text = (0..<12).map { "w\($0)" }.joined(separator: " ")
    let fixture = try DatasetFixture(text, name: "train.txt")
    let tokens = try fixture.load(tokenizer: Self.tokenizer(), sequenceLength: 16, reversal: Self.reversal(.token))
    let reversed = try #require(tokens.reversed)
    #expect(tokens.samples.count == 3 && reversed.count == 3)
    #expect(shown(reversed[0]) == "<s>" + String(shown(tokens.samples[0]).dropFirst(3).reversed()))
    #expect(shown(reversed[2]).hasSuffix("</s>"))
    let words = try fixture.load(tokenizer: Self.tokenizer(), sequenceLength: 16, reversal: Self.reversal(.word))
    #expect(words.samples.map(shown)[0] == "<s>w0 w1 w2 w3 w4 ")
    #expect(try #require(words.reversed).map(shown)[0] == "<s>w4 w3 w2 w1 w0")
  }

  @Test("the stream holds each dataset's samples and after them their variants; places lead to both")
  func places() throws {
    let dataset = try load("{\"text\": \"ab\"}\n{\"text\": \"c\"}", Self.reversal(.token, marker: "R>"))
    let plain = try load("{\"text\": \"xyz\"}", nil)
    let places = TokenStream.Places(of: [dataset, plain])
    let segments = [(0, 0, false), (0, 1, false), (0, 0, true), (0, 1, true), (1, 0, false)].map {
      Segment(
        dataset: $0.0, sample: $0.1, reversed: $0.2,
        variant: [dataset, plain][$0.0].sample($0.1, reversed: $0.2))
    }
    // 4 and 3 tokens; with the marker, 6 and 5.
    #expect(segments.map { places[$0] } == [0, 4, 7, 13, 18])
    #expect(TokenStream.tokenCount([dataset, plain]) == 18 + 5)
    var batch = MicroBatch()
    batch.append(segments[3])
    batch.append(segments[4])
    // The model reads four of five tokens: the last predicts nothing.
    #expect(TokenStream.segmentTable(batch, places: places) == [13, 0, 4, 5, 18, 4, 4, 5])
  }

  @Test("where no row is read in reverse there is no reversal")
  func none() {
    #expect(Reversal(ReadingOrder(), tokenizer: nil, seed: 0, round: 1, dataset: 0) == nil)
  }
}

extension DatasetFixture {
  fileprivate static let three = "{\"text\": \"abc\"}\n{\"prompt\": \"ab\", \"completion\": \"cd\"}"

  fileprivate static func error(
    _ lines: String, tokenizer: (any Tokenizer)?, reversal: Reversal?
  ) -> DatasetError? {
    try? DatasetFixture(lines).error(tokenizer: tokenizer, reversal: reversal)
  }
}
