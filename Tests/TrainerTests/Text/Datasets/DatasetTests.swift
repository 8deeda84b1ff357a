import Foundation
import TestSupport
import Testing

import Trainer

@Suite("Datasets")
struct DatasetTests {
  /// Ids of text in `WordTokenizer`: code points from 100; </s> is 1, <s> is 0.
  private func ids(_ text: String) -> [Int32] { text.unicodeScalars.map { Int32($0.value) + 100 } }
  private func masked(_ count: Int) -> [Int32] { Array(repeating: -100, count: count) }

  @Test("each shape of row, its ids and its mask, by hand")
  func shapes() throws {
    let dataset = try DatasetFixture(
      """
      {"text": "ab", "id": 7}

      {"prompt": "ab", "completion": "cd", "task": "x"}
      {"prompt": "ab", "response": " c"}
      {"instruction": "ab", "input": "c", "output": "d"}
      {"instruction": "ab", "input": "", "output": "d"}\r
      {"instruction": "ab", "input": null, "output": "d"}
      {"input_ids": [5, 6, 7], "labels": [-100, 6, -100], "text": "not this"}
      """
    ).load()
    let expected = [
      Sample(ids: ids("ab") + [1], labels: ids("ab") + [1]),
      Sample(ids: ids("abcd") + [1], labels: masked(2) + ids("cd") + [1]),
      Sample(ids: ids("ab c") + [1], labels: masked(2) + ids(" c") + [1]),
      Sample(ids: ids("ab\ncd") + [1], labels: masked(4) + ids("d") + [1]),
      Sample(ids: ids("abd") + [1], labels: masked(2) + ids("d") + [1]),
      Sample(ids: ids("abd") + [1], labels: masked(2) + ids("d") + [1]),
      Sample(ids: [5, 6, 7], labels: [-100, 6, -100]),
    ]
    #expect(dataset.samples == expected)
    #expect(dataset.statistics.rows == 7)
    #expect(dataset.statistics.tokens == 3 + 5 + 5 + 6 + 4 + 4 + 3)
    // No token precedes the text's first one, so it is no target.
    #expect(dataset.statistics.supervisedTokens == 2 + 3 + 3 + 2 + 2 + 2 + 1)
  }

  @Test("BOS comes first where the tokenizer adds it, and is never learnt")
  func bos() throws {
    var tokenizer = WordTokenizer()
    tokenizer.special.addsBOS = true
    let rows = "{\"text\":\"a\"}\n{\"prompt\":\"a\",\"completion\":\"b\"}"
    let dataset = try DatasetFixture(rows).load(tokenizer: tokenizer)
    #expect(dataset.samples[0] == Sample(ids: [0] + ids("a") + [1], labels: [-100] + ids("a") + [1]))
    #expect(dataset.samples[1] == Sample(ids: [0] + ids("ab") + [1], labels: masked(2) + ids("b") + [1]))
  }

  @Test("turns go through the tokenizer's template, ShareGPT's under its names")
  func turns() throws {
    var tokenizer = WordTokenizer()
    tokenizer.chatTemplate =
      "{% for m in messages %}<|im_start|>{{ m.role }}:{{ m.content }}<|im_end|>{% endfor %}"
      + "{% if add_generation_prompt %}<|im_start|>assistant:{% endif %}"
    let dataset = try DatasetFixture(
      """
      {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}
      {"conversations": [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]}
      """
    ).load(tokenizer: tokenizer)
    let sample = Sample(
      ids: [2] + ids("user:a") + [3, 2] + ids("assistant:b") + [3],
      labels: masked(1 + 6 + 2 + 10) + ids("b") + [3])
    #expect(dataset.samples == [sample, sample])
  }

  @Test("text of rows cannot spell a control token")
  func noControlTokens() throws {
    let dataset = try DatasetFixture("{\"text\":\"a</s>b\"}").load()
    #expect(dataset.samples[0].ids.count { $0 == 1 } == 1)
  }

  @Test("long rows lose their end and are counted; rows left with nothing to learn are dropped and counted")
  func cutAndDropped() throws {
    let dataset = try DatasetFixture(
      """
      {"prompt": "ab", "completion": "cdefgh"}
      {"prompt": "abcdef", "completion": "g"}
      {"input_ids": [1, 2], "labels": [1, -100]}
      {"prompt": "ab", "completion": "c"}
      """
    ).load(sequenceLength: 4)
    #expect(dataset.samples.map(\.ids) == [ids("abcd"), ids("abc") + [1]])
    #expect(dataset.statistics.rows == 4)
    #expect(dataset.statistics.cut == 2)
    #expect(dataset.statistics.dropped == 2)
  }

  @Test("a text file is one document, which goes on in the next sample")
  func document() throws {
    let dataset = try DatasetFixture("abcdef\n", name: "book.txt").load(sequenceLength: 3)
    #expect(dataset.samples.map(\.ids) == [ids("abc"), ids("def"), ids("\n") + [1]])
    #expect(dataset.statistics.rows == 1)
    #expect(dataset.statistics.cut == 0)
    #expect(try DatasetFixture("ab", name: "a.txt").load(sequenceLength: 3).samples.map(\.ids) == [ids("ab") + [1]])
  }

  @Test("a byte order mark and a missing last newline change nothing")
  func byteOrderMark() throws {
    #expect(try DatasetFixture("\u{FEFF}{\"text\":\"ab\"}").load().samples.count == 1)
  }

  @Test(
    "the project's own data loads: every row gives a sample",
    .enabled(if: TestData.isPresent, Comment(rawValue: TestData.absence)),
    arguments: ["general", "qa", "translation", "sentiment", "extraction", "writing", "code"])
  func realData(_ name: String) throws {
    let url = TestData.url("datasets/rounds/\(name)/valid.jsonl")
    let dataset = try Dataset.load(
      name: name, files: RowFiles(url), tokenizer: WordTokenizer(), vocabularySize: 2_000_000, sequenceLength: 100_000)
    let lines = try String(contentsOf: url, encoding: .utf8).split(separator: "\n")
    #expect(dataset.statistics.rows == lines.count)
    #expect(dataset.samples.count == lines.count)
  }

  @Test("a row counts what its weight says, 1 where it has none: in every format, in pieces, and in reverse")
  func weights() throws {
    let lines = try DatasetFixture(
      "{\"text\": \"ab\", \"weight\": 0.5}\n{\"text\": \"ab\", \"weight\": null}\n{\"text\": \"c\", \"weight\": 0}\n")
    let reversal = Reversal(
      ReadingOrder(forward: 0.5, reverse: 0.5), tokenizer: WordTokenizer(), seed: 0, round: 1, dataset: 0)
    let dataset = try lines.load(reversal: reversal)
    #expect(dataset.samples.map(\.weight) == [0.5, 1, 0] && dataset.reversed?.map(\.weight) == [0.5, 1, 0])
    #expect(dataset.hasWeights)
    #expect(try !DatasetFixture("{\"text\": \"ab\"}\n{\"text\": \"c\", \"weight\": 1}").load().hasWeights)
    let cut = try DatasetFixture("{\"text\": \"abcdefgh\", \"weight\": 2}").load(sequenceLength: 4)
    #expect(cut.samples.map(\.weight) == [2, 2] && cut.samples[0].pieces(of: 2).map(\.weight) == [2, 2])
    let table = try DatasetFixture("prompt,weight,completion\na,0.25,b\nc,3,d\n", name: "rows.csv")
    #expect(try table.load().samples.map(\.weight) == [0.25, 3])
    // A column named `weight` that stands for another key is no weight.
    let renamed = try ColumnNames(["prompt": "weight"])
    #expect(try table.load(columns: renamed).samples.map(\.weight) == [1, 1])
    let fault = try DatasetFixture("text,weight\na,1\nb,much\n", name: "rows.csv")
    let error = try #require(fault.error())
    #expect(error.place == fault.file.path + ":3" && error.message.contains("\"weight\" is \"much\""), "\(error)")
  }
}
