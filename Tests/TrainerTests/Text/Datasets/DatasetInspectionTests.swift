import Foundation
import TestSupport
import Testing

import Trainer

@Suite("Datasets as the model sees them")
struct DatasetInspectionTests {
  private static let template =
    "{% for m in messages %}<|im_start|>{{ m.role }}:{{ m.content }}<|im_end|>{% endfor %}"
    + "{% if add_generation_prompt %}<|im_start|>assistant:{% endif %}"

  /// A row of every shape, one that is cut and one that is dropped.
  private static let rows = """
    {"text": "abc"}
    {"prompt": "ab", "completion": "cd"}
    {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}
    {"instruction": "ab", "input": "", "output": "cdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz"}
    {"prompt": "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz", "completion": "c"}
    {"input_ids": [0, 0, 105, 106, 1], "labels": [-100, -100, 105, -100, 1]}
    """

  private func inspect(
    _ fixture: DatasetFixture, rows: Int = 10, sequenceLength: Int = 40, addsBOS: Bool = false
  ) throws -> (inspection: DatasetInspection, dataset: Dataset) {
    var tokenizer = WordTokenizer()
    tokenizer.chatTemplate = Self.template
    tokenizer.special.addsBOS = addsBOS
    var settings = TrainingSettings()
    settings.sequenceLength = sequenceLength
    settings.rows.template = .none
    let configuration = try #require(LlamaConfiguration.preset("tiny", vocabSize: tokenizer.vocabularySize))
    let text = TextEncoding(tokenizer: tokenizer, configuration: configuration)
    let round = ResolvedRound(name: "d", train: RowFiles(fixture.file), valid: nil, settings: settings)
    let inspection = try #require(try round.inspect(text, seed: 0, rows: rows))
    let dataset = try fixture.load(settings: settings.rows, tokenizer: tokenizer, sequenceLength: sequenceLength)
    return (inspection, dataset)
  }

  @Test("ids and mask are those that training supervises, also of rows that are cut", arguments: [false, true])
  func mask(_ addsBOS: Bool) throws {
    let (inspection, dataset) = try inspect(DatasetFixture(Self.rows), addsBOS: addsBOS)
    #expect(
      inspection.samples.map(\.shape) == [
        "text", "completion", "conversation", "completion", "completion", "tokens",
      ])
    let kept = inspection.samples.filter { $0.supervisedCount > 0 }
    #expect(kept.map(\.ids) == dataset.samples.map(\.ids))
    // The targets of the rows, as training's own graph reads them: the label of the next token.
    let masks = dataset.samples.map { [false] + $0.labels.dropFirst().map { $0 != Sample.ignoredLabel } }
    #expect(kept.map(\.supervised) == masks)
    #expect(kept.reduce(0) { $0 + $1.supervisedCount } == dataset.statistics.supervisedTokens)
    #expect(inspection.supervisedTokens == dataset.statistics.supervisedTokens)
    #expect(inspection.samples.map(\.cutAt) == [nil, nil, nil, 40, 40, nil])
    #expect(inspection.cut == 2 && inspection.dropped == 1 && inspection.lengths.longer == 2)
    #expect(inspection.samples.map(\.bos) == (addsBOS ? [1, 1, 1, 1, 1, 2] : [0, 0, 0, 0, 0, 2]))
    #expect(inspection.samples[1].eos == 1 && inspection.samples[3].eos == 0)
  }

  @Test("what is cut away is counted, and how much of it was supervised")
  func cut() throws {
    let row = "{\"prompt\": \"abcdefgh\", \"completion\": \"ijkl\"}"
    let sample = try inspect(DatasetFixture(row), sequenceLength: 10).inspection.samples[0]
    #expect(sample.cutAt == 10 && sample.beyond == 3 && sample.supervisedBeyond == 3)
    #expect(sample.text == "abcdefghij")
    #expect(sample.pieces == "abcdefghij".map(String.init))
  }

  @Test("a document goes on and is not cut")
  func document() throws {
    let inspection = try inspect(DatasetFixture("abcdefgh", name: "a.txt"), sequenceLength: 4).inspection
    let sample = inspection.samples[0]
    #expect(sample.ids.count == 4 && sample.cutAt == nil && sample.beyond == 5)
    #expect(inspection.rows == 1 && inspection.cut == 0 && inspection.tokens == 8)
    #expect(inspection.lengths == .init([9], sequenceLength: 4))
  }

  @Test("lengths are those of rows that exist; by hand")
  func lengths() {
    let ten = DatasetInspection.Lengths([9, 1, 8, 2, 7, 3, 6, 4, 5, 10], sequenceLength: 8)
    #expect(ten.min == 1 && ten.median == 5 && ten.p90 == 9 && ten.max == 10 && ten.longer == 2)
    let three = DatasetInspection.Lengths([5, 1, 3], sequenceLength: 5)
    #expect(three.min == 1 && three.median == 3 && three.p90 == 5 && three.max == 5 && three.longer == 0)
    let one = DatasetInspection.Lengths([7], sequenceLength: 5)
    #expect(one.min == 7 && one.median == 7 && one.p90 == 7 && one.max == 7 && one.longer == 1)
  }

  @Test("only the first rows are kept, all are counted; a row at fault ends it with its line")
  func first() throws {
    let fixture = try DatasetFixture((0..<100).map { "{\"text\": \"row \($0)\"}" }.joined(separator: "\n"))
    let (inspection, _) = try inspect(fixture, rows: 2)
    #expect(inspection.samples.map(\.place) == [1, 2].map { "\(fixture.file.path):\($0)" })
    #expect(inspection.rows == 100)
    #expect(try inspect(fixture, rows: 0).inspection.samples.isEmpty)
    #expect(throws: DatasetError.self) { try inspect(DatasetFixture("{\"text\": \"a\"}\n{}")) }
    #expect(throws: DatasetError.self) { try inspect(DatasetFixture("{\"input_ids\": [5], \"labels\": [-100]}")) }
  }
}
