import Foundation
import Testing

import Trainer

@Suite("Rows longer than a sequence")
struct LongRowsTests {
  /// Ids of text in `WordTokenizer`: code points from 100; </s> is 1.
  private func ids(_ text: String) -> [Int32] { text.unicodeScalars.map { Int32($0.value) + 100 } }
  private func masked(_ count: Int) -> [Int32] { Array(repeating: -100, count: count) }

  private static func settings(_ fate: RowSettings.LongRows, splitsTexts: Bool = true) -> RowSettings {
    var settings = RowSettings()
    (settings.longRows, settings.splitsTexts) = (fate, splitsTexts)
    return settings
  }

  @Test(
    "a text goes on in the next sample whatever long_rows says, as a document does",
    arguments: RowSettings.LongRows.allCases)
  func texts(_ fate: RowSettings.LongRows) throws {
    let fixture = try DatasetFixture("{\"text\": \"abcdefg\"}\n{\"text\": \"ab\"}\n{\"text\": \"abc\"}")
    let dataset = try fixture.load(settings: Self.settings(fate), sequenceLength: 3)
    // The last piece of the third text is one token, which no token predicts.
    #expect(dataset.samples.map(\.ids) == [ids("abc"), ids("def"), ids("g") + [1], ids("ab") + [1], ids("abc")])
    #expect(dataset.samples.allSatisfy { $0.ids == $0.labels })
    let statistics = dataset.statistics
    #expect(statistics.rows == 3 && statistics.split == 2 && statistics.cut == 0 && statistics.dropped == 0)
    #expect(statistics.tokens == 14 && statistics.supervisedTokens == 9)
    #expect(dataset.place(of: 2) == fixture.file.path + ":1" && dataset.place(of: 3) == fixture.file.path + ":2")
  }

  @Test("where texts are cut, as they once were, long_rows counts for them too")
  func cutTexts() throws {
    let fixture = try DatasetFixture("{\"text\": \"abcdefg\"}\n{\"text\": \"ab\"}")
    let dataset = try fixture.load(settings: Self.settings(.cut, splitsTexts: false), sequenceLength: 3)
    #expect(dataset.samples.map(\.ids) == [ids("abc"), ids("ab") + [1]])
    #expect(dataset.statistics.cut == 1 && dataset.statistics.split == 0)
    let document = try DatasetFixture("abcd", name: "a.txt")
    let samples = try document.load(settings: Self.settings(.drop, splitsTexts: false), sequenceLength: 3).samples
    #expect(samples.map(\.ids) == [ids("abc"), ids("d") + [1]], "documents were always split")
  }

  private static let rows = """
    {"prompt": "ab", "completion": "cdefg"}
    {"prompt": "abcdef", "completion": "g"}
    {"prompt": "a", "completion": "b"}
    {"input_ids": [5, 6, 7, 8, 9], "labels": [-100, 6, -100, -100, -100]}
    """

  @Test("split: each part with a supervised token is a sample, and the row counts once")
  func split() throws {
    let dataset = try DatasetFixture(Self.rows).load(settings: Self.settings(.split), sequenceLength: 4)
    #expect(
      dataset.samples == [
        Sample(ids: ids("abcd"), labels: masked(2) + ids("cd")),
        Sample(ids: ids("efg") + [1], labels: ids("efg") + [1]),
        // The first part of the second row is its prompt alone.
        Sample(ids: ids("efg") + [1], labels: masked(2) + ids("g") + [1]),
        Sample(ids: ids("ab") + [1], labels: masked(1) + ids("b") + [1]),
        Sample(ids: [5, 6, 7, 8], labels: [-100, 6, -100, -100]),
      ])
    #expect(dataset.statistics.rows == 4 && dataset.statistics.split == 3)
    #expect(dataset.statistics.cut == 0 && dataset.statistics.tooLong == 0 && dataset.statistics.dropped == 0)
  }

  @Test("a row of which no part has a supervised token is dropped and counted")
  func nothingToLearn() throws {
    let row = "{\"input_ids\": [5, 6, 7, 8, 9], \"labels\": [-100, -100, -100, -100, 9]}\n{\"text\": \"a\"}"
    let dataset = try DatasetFixture(row).load(settings: Self.settings(.split), sequenceLength: 4)
    #expect(dataset.samples.count == 1 && dataset.statistics.split == 1 && dataset.statistics.dropped == 1)
  }

  @Test("drop: rows that are too long are left out and counted")
  func drop() throws {
    let dataset = try DatasetFixture(Self.rows).load(settings: Self.settings(.drop), sequenceLength: 4)
    #expect(dataset.samples.map(\.ids) == [ids("ab") + [1]])
    #expect(dataset.statistics.rows == 4 && dataset.statistics.tooLong == 3 && dataset.statistics.dropped == 0)
    let all = try DatasetFixture("{\"prompt\": \"abcdef\", \"completion\": \"g\"}")
    do {
      _ = try all.load(settings: Self.settings(.drop), sequenceLength: 4)
      Issue.record("loaded a dataset without a sample")
    } catch {
      #expect(error.message.contains("long_rows") && error.message.contains("sequence_length"), "\(error)")
    }
  }

  @Test("each part of a row has a reversed variant of its own")
  func reversed() throws {
    let reversal = Reversal(
      ReadingOrder(forward: 0.5, reverse: 0.5), tokenizer: WordTokenizer(), seed: 0, round: 1, dataset: 0)
    let dataset = try DatasetFixture("{\"text\": \"abcdefg\"}").load(sequenceLength: 4, reversal: reversal)
    #expect(dataset.samples.map(\.ids) == [ids("abcd"), ids("efg") + [1]])
    #expect(dataset.reversed?.map(\.ids) == [ids("dcba"), ids("gfe") + [1]])
  }
}
