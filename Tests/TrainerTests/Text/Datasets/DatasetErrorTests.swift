import Foundation
import Testing

import Trainer

@Suite("Dataset errors")
struct DatasetErrorTests {
  /// A second row, and the text that the error must contain.
  static let faults: [(String, [String])] = [
    ("{\"text\": \"a\"", ["not JSON", "{\"text\""]),
    ("[1]", ["no object"]),
    ("{\"txt\": \"a\"}", ["\"txt\"", "{prompt, completion}"]),
    ("{\"text\": 3}", ["\"text\" is a number"]),
    ("{\"text\": true}", ["\"text\" is a truth value"]),
    ("{\"prompt\": \"a\"}", ["without a completion"]),
    ("{\"prompt\": \"a\", \"completion\": null}", ["\"completion\" is null"]),
    ("{\"instruction\": \"a\"}", ["\"output\" is missing"]),
    ("{\"input_ids\": [1, 2]}", ["without \"labels\""]),
    ("{\"input_ids\": [1, 2], \"labels\": [1]}", ["2 input_ids but 1 labels"]),
    ("{\"input_ids\": [1, 2.5], \"labels\": [1, 2]}", ["\"input_ids\"[1]"]),
    ("{\"input_ids\": [1, true], \"labels\": [1, 2]}", ["\"input_ids\"[1] is a truth value"]),
    ("{\"input_ids\": [1, 99999999999], \"labels\": [1, 2]}", ["\"input_ids\"[1]"]),
    ("{\"input_ids\": 1, \"labels\": [1, 2]}", ["\"input_ids\" is a number"]),
    ("{\"input_ids\": [1, 2000000], \"labels\": [1, 2]}", ["token 2000000 at position 1", "vocabulary of 2000000"]),
    ("{\"input_ids\": [1, -1], \"labels\": [1, 2]}", ["token -1 at position 1"]),
    ("{\"input_ids\": [1, 2], \"labels\": [1, -1]}", ["label -1 at position 1"]),
    ("{\"text\": \"a\", \"weight\": -1}", ["\"weight\" is -1.0", "finite number from 0 up"]),
    ("{\"text\": \"a\", \"weight\": 1e39}", ["\"weight\" is 1e+39"]),
    ("{\"text\": \"a\", \"weight\": \"2\"}", ["\"weight\" is text"]),
    ("{\"text\": \"a\", \"weight\": true}", ["\"weight\" is a truth value"]),
    ("{\"text\": \"a\", \"weight\": []}", ["\"weight\" is a list"]),
    ("{\"messages\": []}", ["\"messages\" is a list"]),
    ("{\"messages\": [{\"role\": \"user\", \"content\": [1]}]}", ["\"messages\"[0]"]),
    ("{\"messages\": [{\"role\": \"a<|im_end|>\", \"content\": \"b\"}]}", ["has the role"]),
    ("{\"conversations\": [{\"from\": \"nurse\", \"value\": \"b\"}]}", ["\"nurse\"", "human, gpt, system"]),
    ("{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}]}", ["chat template"]),
  ]

  @Test("a faulty row is named with its line, what it holds and what is expected", arguments: faults)
  func fault(_ row: String, _ says: [String]) throws {
    let fixture = try DatasetFixture("{\"text\": \"ab\"}\n\(row)\n")
    let error = try #require(fixture.error())
    #expect(error.place == fixture.file.path + ":2")
    for words in says { #expect(error.message.contains(words), "\(error)") }
    #expect(error.exitCode == 65)
    #expect(!error.description.contains("\n"))
  }

  @Test("what a row holds cannot steer the terminal that shows its error")
  func controlCharacters() throws {
    for row in ["{\"a\u{1B}[31m\": 1", "{\"a\\u001b[31m\\u0000\\u202e\": 1}"] {
      let error = try #require(try DatasetFixture(row).error())
      #expect(error.message.contains("\\u{1B}[31m"), "\(error)")
      #expect(error.message.unicodeScalars.allSatisfy { ![.control, .format].contains($0.properties.generalCategory) })
    }
  }

  @Test("a row that the template refuses is named with its line")
  func refusedByTemplate() throws {
    var tokenizer = WordTokenizer()
    tokenizer.chatTemplate = "\n{{ raise_exception('roles must alternate') }}"
    let fixture = try DatasetFixture("{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}]}")
    let error = try #require(fixture.error(tokenizer: tokenizer))
    #expect(error.place == fixture.file.path + ":1")
    #expect(error.message.contains("line 2") && error.message.contains("roles must alternate"))
    tokenizer.chatTemplate = "{% nosuch %}"
    #expect(fixture.error(tokenizer: tokenizer)?.message.contains("nosuch") == true)
    // A broken template is no error for rows that do not need it.
    #expect(try DatasetFixture("{\"text\": \"a\"}").error(tokenizer: tokenizer) == nil)
  }

  @Test("files that are missing, empty, unlearnable or of another kind")
  func files() throws {
    let absent = URL(fileURLWithPath: "/nonexistent/a.jsonl")
    do {
      _ = try Dataset.load(name: "a", files: RowFiles(absent), tokenizer: nil, vocabularySize: 9, sequenceLength: 9)
      Issue.record("loaded a file that is not there")
    } catch {
      #expect(error.exitCode == 66)
    }
    #expect(try DatasetFixture("").error()?.message.contains("is empty") == true)
    #expect(try DatasetFixture("\n \n").error()?.message.contains("is empty") == true)
    #expect(try DatasetFixture("", name: "a.txt").error()?.message.contains("is empty") == true)
    #expect(try DatasetFixture("a", name: "a.bin").error()?.message.contains("a.bin") == true)
    let long = try DatasetFixture("{\"prompt\": \"abcdef\", \"completion\": \"g\"}")
    #expect(long.error(sequenceLength: 4)?.message.contains("supervised token") == true)
    let text = try DatasetFixture("{\"text\": \"a\"}")
    #expect(text.error(tokenizer: nil)?.message.contains("tokenizer") == true)
    #expect(text.error(vocabularySize: 9)?.message.contains("vocabulary of 9") == true)
  }

  @Test(
    "a line, a row or a cell of more than 64 MiB is refused by its place before it is read",
    arguments: [
      ("a.jsonl", "{\"text\": \"b\"}\n{\"text\": \"", ":2"),
      ("a.json", "[{\"text\": \"b\"},\n{\"text\": \"", ":2 (row 2)"),
      ("a.csv", "text\nb\n", ":3"), ("a.csv", "text\nb\n\"", ":3"), ("a.tsv", "text\tid\nb\t1\na\t", ":3"),
    ])
  func long(_ name: String, _ content: String, _ place: String) throws {
    let fixture = try DatasetFixture(content, name: name)
    #expect(truncate(fixture.file.path, 68 << 20) == 0)
    let error = try #require(fixture.error())
    #expect(error.place == fixture.file.path + place)
    #expect(error.message.contains("holds more than 67108864 bytes"), "\(error)")
    #expect(error.exitCode == 65 && !error.description.contains("\n"))
  }

  @Test("a row of very many values is refused: each takes more than its text")
  func manyValues() throws {
    let row = "{\"input_ids\": [" + String(repeating: "1,", count: 4_200_000) + "1], \"labels\": []}"
    let error = try #require(try DatasetFixture(row).error())
    #expect(error.message.contains("values"), "\(error)")
  }
}
