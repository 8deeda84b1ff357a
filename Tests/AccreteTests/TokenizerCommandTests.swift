import Foundation
import TestSupport
import Testing

extension CommandTests {
  @Suite("tokenizer")
  struct TokenizerCommandTests {
    private static func ids(_ model: URL, _ text: String) throws -> [Int] {
      let outcome = try AccreteProcess.run(["tokenize", "--model", model.path, "--text", text, "--json"])
      return try outcome.json()["ids"] as? [Int] ?? []
    }

    @Test("tokenizer train learns from rows and texts, says where it stopped, and prints one object")
    func train() throws {
      let fixture = try CommandFixture()
      let text = try fixture.write("one two three one two three", "more.txt")
      let output = fixture.file("learned")
      let arguments = ["tokenizer", "train", fixture.file("one.jsonl").path, text.path, "--output", output.path]
      let outcome = try AccreteProcess.run(arguments + ["--vocab-size", "264", "--json"])
      #expect(outcome.code == 0, "\(outcome.errors)")
      let json = try outcome.json()
      #expect(Set(json.keys) == ["output", "vocab_size", "merges"])
      #expect(json["vocab_size"] as? Int == 264 && json["merges"] as? Int == 5)
      #expect(outcome.errors.isEmpty)
      #expect(try Self.ids(output, "one one").count < 7)
      #expect(try Self.ids(output, "<|bos|>é") == [256, 0xC3, 0xA9])

      // The folder now holds a tokenizer.
      let again = try AccreteProcess.run(arguments + ["--vocab-size", "264"])
      #expect(again.code == 65 && again.errors.contains("already holds"), "\(again.errors)")
    }

    @Test("tokenizer train stops early where nothing occurs often enough; --special and --min-frequency count")
    func stopsEarly() throws {
      let fixture = try CommandFixture()
      let text = try fixture.write("abab", "text.txt")
      let outcome = try AccreteProcess.run([
        "tokenizer", "train", text.path, "--vocab-size", "1000", "--output", fixture.file("learned").path,
        "--min-frequency", "2", "--special", "<a>", "<b>", "--json",
      ])
      #expect(outcome.code == 0, "\(outcome.errors)")
      #expect(outcome.errors.contains("259 of 1000") && outcome.errors.split(separator: "\n").count == 1)
      #expect(try outcome.json()["merges"] as? Int == 1)
      #expect(try Self.ids(fixture.file("learned"), "<b>ab") == [257, 258])
    }

    @Test("tokenizer train: wrong use is told in one line", arguments: ["258", "-1", "x"])
    func wrongUse(_ size: String) throws {
      let fixture = try CommandFixture()
      let outcome = try AccreteProcess.run([
        "tokenizer", "train", fixture.file("one.jsonl").path, "--vocab-size=\(size)", "--output",
        fixture.file("learned").path,
      ])
      #expect(outcome.code == 64)
      #expect(outcome.errorLines.count == 1 && !FileManager.default.fileExists(atPath: fixture.file("learned").path))
    }

    @Test("tokenizer train: a file that is not there ends with 66")
    func absent() throws {
      let outcome = try AccreteProcess.run([
        "tokenizer", "train", "/nonexistent/x.txt", "--vocab-size", "300", "--output", "/nonexistent/y",
      ])
      #expect(outcome.code == 66 && outcome.errorLines.count == 1)
    }

    @Test("tokenizer convert writes a tokenizer.json with the same ids")
    func convert() throws {
      let fixture = try CommandFixture()
      let model = TestData.golden("tokenizers/unigram-mapped.model")
      let output = fixture.file("converted")
      let outcome = try AccreteProcess.run([
        "tokenizer", "convert", "--model", model.path, "--output", output.path, "--json",
      ])
      #expect(outcome.code == 0, "\(outcome.errors)")
      #expect(try outcome.json()["output"] as? String == output.path)
      let text = "The ﬁrst  Fußgänger, the <sep> last"
      #expect(try Self.ids(output, text) == Self.ids(model, text))
    }

    @Test("tokenize --file prints a list of ids for each line")
    func lines() throws {
      let fixture = try CommandFixture()
      let file = try fixture.write("one\n\n two  \r\nlast", "lines.txt")
      let model = TestData.golden("tokenizers/bpe-mapped.model")
      let outcome = try AccreteProcess.run(["tokenize", "--model", model.path, "--file", file.path])
      let printed = try JSONDecoder().decode(
        [[Int]].self, from: Data(("[" + outcome.output.split(separator: "\n").joined(separator: ",") + "]").utf8))
      let expected = try ["one", " two  \r", "last"].map { try Self.ids(model, $0) }
      #expect(printed == [expected[0], [], expected[1], expected[2]])
      let absent = try AccreteProcess.run(["tokenize", "--model", model.path, "--file", "/nonexistent"])
      #expect(absent.code == 66)
      let nothing = try AccreteProcess.run(["tokenize", "--model", model.path])
      #expect(nothing.code == 64)
    }
  }
}
