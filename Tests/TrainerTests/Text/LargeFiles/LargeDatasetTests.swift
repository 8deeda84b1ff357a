import Foundation
import Testing

import Trainer

@Suite("Datasets of large files")
struct LargeDatasetTests {
  /// Rows of which each is told by its number; `least` is its number's place in the alphabet.
  private static func lines(_ count: Int) -> String {
    (0..<count).map {
      "{\"prompt\": \"row \($0):\", \"completion\": \" \(String(repeating: "x", count: $0 % 7))\($0)\"}\n"
    }
    .joined()
  }

  /// Loads a file as a large one is, however small it is.
  private static func load(
    _ fixture: DatasetFixture, part: DatasetPart = .whole, sequenceLength: Int = 64,
    settings: RowSettings = RowSettings(), reversal: Reversal? = nil, inspect: (EncodedRow) -> Void = { _ in }
  ) throws(DatasetError) -> Dataset {
    try Dataset.load(
      name: "d", files: RowFiles(fixture.file), part: part, largeFrom: 0, settings: settings,
      tokenizer: WordTokenizer(), vocabularySize: 2_000_000, sequenceLength: sequenceLength, reversal: reversal,
      inspect: inspect)
  }

  private static func packer(
    _ dataset: Dataset, packing: Bool = true, shuffle: Bool = true, sequenceLength: Int = 64, reverse: Double = 0
  ) -> BatchPacker {
    let sampler = UnionSampler(
      rowCounts: [dataset.count], settings: .init(union: UnionSettings(), shuffle: shuffle, reverseShare: reverse),
      seed: 3,
      round: 1)
    return BatchPacker(
      datasets: [dataset], sampler: sampler, settings: .init(rows: 2, sequenceLength: sequenceLength, packing: packing))
  }

  /// The samples of some micro-batches, in their order.
  private static func samples(_ packer: BatchPacker, _ dataset: Dataset, batches: Int) -> [Sample] {
    var cursor = PackingCursor()
    return (0..<batches).flatMap { _ -> [Sample] in
      let next = packer.next(after: cursor)
      cursor = next.cursor
      return next.batch.segments.map { dataset.sample($0.sample, reversed: $0.reversed) }
    }
  }

  private static let formats: [(name: String, content: String)] = [
    ("a.jsonl", "\u{FEFF}" + lines(100) + "\n \n" + lines(20)), ("a.ndjson", "\n" + String(lines(50).dropLast())),
    ("a.json", "[" + lines(40).split(separator: "\n").joined(separator: ",\n ") + "]"), ("b.json", lines(30)),
    ("a.csv", "id,prompt,completion\n1,\"a \"\"quoted\"\"\nline\", x\n2,b,y\n\n3,c,\"z,\"\n"),
    ("a.tsv", "prompt\tcompletion\na\tb\nc\td"),
  ]

  @Test("the rows drawn, their places and their counts are those of a small dataset", arguments: formats.indices)
  func sameDraws(_ index: Int) throws {
    let fixture = try DatasetFixture(Self.formats[index].content, name: Self.formats[index].name)
    let (large, small) = try (Self.load(fixture), fixture.load())
    #expect(large.samples.isEmpty && large.count == small.count)
    #expect(large.statistics == small.statistics, "all rows were counted")
    #expect(large.remarks == small.remarks)
    for packing in [true, false] {
      let batches = 12
      let found = Self.samples(Self.packer(large, packing: packing), large, batches: batches)
      #expect(found == Self.samples(Self.packer(small, packing: packing), small, batches: batches))
    }
    for row in 0..<small.count { #expect(large.place(of: row).hasPrefix(small.place(of: row))) }
    #expect(
      Self.packer(large).numberOfSteps(epochs: 2, gradientAccumulationSteps: 1)
        == Self.packer(small).numberOfSteps(epochs: 2, gradientAccumulationSteps: 1))
  }

  @Test("a split's parts are those of a small dataset, and the rows held out are all encoded")
  func split() throws {
    let fixture = try DatasetFixture(Self.lines(50))
    let split = DatasetSplit(share: 0.8, seed: 5)
    let (train, held) = try (Self.load(fixture, part: .training(split)), Self.load(fixture, part: .heldOut(split)))
    let small = try fixture.load(part: .training(split))
    #expect(train.count == 40 && train.samples.isEmpty)
    #expect((0..<40).map { train.sample($0, reversed: false) } == small.samples)
    #expect((0..<40).map(train.place) == (0..<40).map(small.place))
    #expect(held.samples == (try fixture.load(part: .heldOut(split)).samples) && held.samples.count == 10)
  }

  @Test("a row without a supervised token is passed over, and each other row comes once a pass")
  func passedOver() throws {
    let rows = (0..<30).map {
      $0 % 3 == 0 ? "{\"input_ids\": [5, \($0)], \"labels\": [-100, -100]}" : "{\"text\": \"t\($0)\"}"
    }
    let fixture = try DatasetFixture(rows.joined(separator: "\n"))
    let dataset = try Self.load(fixture)
    #expect(dataset.count == 30 && dataset.statistics.dropped == 10)
    let packer = Self.packer(dataset, packing: false)
    #expect(packer.numberOfSteps(epochs: 1, gradientAccumulationSteps: 1) == 10)
    let found = Self.samples(packer, dataset, batches: 10)
    #expect(Set(found.map(\.ids)) == Set(try fixture.load().samples.map(\.ids)) && found.count == 20)
  }

  @Test("a text longer than a sequence gives another of its parts in each pass")
  func parts() throws {
    let fixture = try DatasetFixture("{\"text\": \"abcdefgh\"}\n{\"text\": \"x\"}")
    let dataset = try Self.load(fixture, sequenceLength: 3)
    let packer = Self.packer(dataset, packing: false, shuffle: false, sequenceLength: 3)
    let found = Self.samples(packer, dataset, batches: 4).map { WordTokenizer().decode($0.ids, skipSpecial: true) }
    #expect(found == ["abc", "x", "def", "x", "gh", "x", "abc", "x"])
    // The parts that were drawn again have the index that they had.
    var cursor = PackingCursor()
    var indices: [Int] = []
    for _ in 0..<4 {
      let next = packer.next(after: cursor)
      cursor = next.cursor
      indices += next.batch.segments.map(\.sample)
    }
    #expect(indices == [0, 1, 2, 1, 4, 1, 0, 1])
  }

  @Test("reversed variants are those of a small dataset", arguments: [Reversal.Unit.token, .word])
  func reversed(_ unit: Reversal.Unit) throws {
    var objective = ReadingOrder(forward: 0.5, reverse: 0.5)
    objective.unit = unit
    let reversal = Reversal(objective, tokenizer: WordTokenizer(), seed: 1, round: 1, dataset: 0)
    let fixture = try DatasetFixture(Self.lines(30))
    let (large, small) = try (Self.load(fixture, reversal: reversal), fixture.load(reversal: reversal))
    let found = Self.samples(Self.packer(large, reverse: 0.5), large, batches: 10)
    #expect(found == Self.samples(Self.packer(small, reverse: 0.5), small, batches: 10))
  }

  @Test("the samples that some steps draw are listed once each, with their tokens")
  func drawnSamples() throws {
    let fixture = try DatasetFixture(Self.lines(40))
    let dataset = try Self.load(fixture)
    let packer = Self.packer(dataset)
    let drawn = try DrawnSamples(of: [dataset], packer: packer, batches: 60)
    #expect(drawn.samples[0].count == 40 && Set(drawn.samples[0]).count == 40)
    #expect(drawn.totals.tokens == dataset.statistics.tokens && !drawn.totals.hasWeights)
    #expect(drawn.totals.longest == (try fixture.load().samples.map(\.length).max()))
    let small = try DrawnSamples(of: [fixture.load()], packer: packer, batches: 60)
    #expect(small.samples == [[]] && small.totals.tokens == 0)
  }

  @Test("a fault in a row is an error with its line once the row is drawn, and no sooner")
  func fault() throws {
    func lines(fault: Int) -> String {
      (0..<5000).map { $0 == fault ? "{\"txt\": 1}" : "{\"text\": \"row \($0)\"}" }.joined(separator: "\n")
    }
    // Of 5,000 rows a thousand are read at first, the same in every file of so many.
    var texts: Set<String> = []
    _ = try Self.load(DatasetFixture(lines(fault: -1))) { if case .text(let text) = $0.row { texts.insert(text) } }
    #expect(texts.count > 900)
    let faulty = try #require((4200..<5000).first { !texts.contains("row \($0)") })
    let fixture = try DatasetFixture(lines(fault: faulty))
    let dataset = try Self.load(fixture)
    #expect(dataset.count == 5000 && dataset.statistics.isEstimated)
    let packer = Self.packer(dataset, packing: false, shuffle: false)
    _ = try DrawnSamples(of: [dataset], packer: packer, batches: 2000)
    do {
      _ = try DrawnSamples(of: [dataset], packer: packer, batches: 2500)
      Issue.record("drew a row of no shape")
    } catch let error as DatasetError {
      #expect(error.place == fixture.file.path + ":\(faulty + 1)" && error.message.contains("\"txt\""), "\(error)")
    }
  }

  @Test("a dataset of which no row is a sample ends in an error")
  func nothingToLearn() throws {
    let fixture = try DatasetFixture("{\"input_ids\": [5], \"labels\": [-100]}\n")
    do {
      _ = try Self.load(fixture)
      Issue.record("loaded a dataset without a sample")
    } catch {
      #expect(error.message.contains("supervised token"), "\(error)")
    }
    #expect(throws: DatasetError.self) { try Self.load(DatasetFixture("\n")) }
  }

  @Test("what is kept of a file is read again, rebuilt where it is damaged, and forgotten where the file changes")
  func kept() throws {
    let unique = UUID().uuidString
    let lines = (0..<20).map { "{\"text\": \"\(unique) \($0)\"}\n" }.joined()
    let fixture = try DatasetFixture(lines)
    let expected = try fixture.load().samples
    func all() throws -> [Sample] {
      let dataset = try Self.load(fixture)
      return (0..<dataset.count).map { dataset.sample($0, reversed: false) }
    }
    #expect(try all() == expected && all() == expected)
    let hash = try FileHash.sha256(of: fixture.file)
    let index = try #require(UserCache.folder("rows")).appending(path: "\(hash)-jsonl")
    #expect(FileManager.default.fileExists(atPath: index.path))
    let whole = try Data(contentsOf: index)
    for damaged in [whole.prefix(40), Data(whole.map { $0 ^ 0x55 }), Data()] {
      try damaged.write(to: index)
      #expect(try all() == expected)
    }
    for url in try FileManager.default.contentsOfDirectory(
      at: #require(UserCache.folder("tokens")), includingPropertiesForKeys: nil)
    where try Data(contentsOf: url).count == 12 + 20 * 8 + 4 * (20 * 3 + expected.reduce(0) { $0 + $1.length }) {
      // Another token in the words of the first row: what is kept is no longer what the row gives.
      var content = try Data(contentsOf: url)
      content[12 + 20 * 8 + 12] ^= 1
      try content.write(to: url)
    }
    #expect(try all() == expected)
    try Data(lines.replacingOccurrences(of: " 7\"", with: " seven\"").utf8).write(to: fixture.file)
    #expect(try all() == fixture.load().samples)
  }

  @Test("leaks are found as in a small dataset, with their place")
  func leaks() throws {
    let words = "one two three four five six seven eight nine ten"
    let held = ["{\"text\": \"\(words)\"}", "{\"text\": \"nothing of this stands anywhere else at all\"}"]
    let training = (0..<60).map {
      $0 == 37
        ? held[0].uppercased().replacingOccurrences(of: "TEXT", with: "text")
        : "{\"text\": \"row number \($0) of some\"}"
    }
    let (heldOut, fixture) = try (
      DatasetFixture(held.joined(separator: "\n")), DatasetFixture(training.joined(separator: "\n"))
    )
    func reports(isLarge: Bool) throws -> [LeakReport] {
      var check = LeakCheck()
      _ = try Dataset.load(
        name: "h", files: RowFiles(heldOut.file), tokenizer: WordTokenizer(), vocabularySize: 2_000_000,
        sequenceLength: 64
      ) { check.holdOut($0.row, at: $0.place, of: "h") }
      let dataset =
        isLarge
        ? try Self.load(fixture)
        : try Dataset.load(
          name: "t", files: RowFiles(fixture.file), tokenizer: WordTokenizer(), vocabularySize: 2_000_000,
          sequenceLength: 64
        ) { check.train($0.row, at: $0.place, of: "t") }
      try check.train(large: dataset, of: "t")
      return check.reports()
    }
    let expected = try reports(isLarge: false)
    #expect(expected.count == 1 && expected[0].leaked == 1 && expected[0].trainingPlace == fixture.file.path + ":38")
    // Twice: the second time from what is kept.
    #expect(try reports(isLarge: true) == expected && reports(isLarge: true) == expected)
  }

  @Test("a run that began when texts were cut reads all rows at once, as it did")
  func olderRun() throws {
    var settings = RowSettings()
    settings.splitsTexts = false
    #expect(try Self.load(DatasetFixture(Self.lines(9)), settings: settings).samples.count == 9)
  }
}
