import Foundation
import TestSupport
import Testing

extension CommandTests {
  /// A dialogue over stdin.
  @Suite("Chat")
  struct ChatCommandTests {
    /// A trained model with ChatML's template beside it.
    private func model(_ fixture: CommandFixture) throws -> URL {
      let model = try fixture.copy(TrainedModel.folder().resolvingSymlinksInPath(), as: "model")
      try FileManager.default.copyItem(
        at: TestData.golden("templates/chatml.jinja"), to: model.appending(path: "chat_template.jinja"))
      return model
    }

    private func chat(_ lines: [String], _ fixture: CommandFixture, _ more: String...) throws -> CommandOutcome {
      let input = try fixture.write(lines.map { $0 + "\n" }.joined(), "input-\(UUID().uuidString).txt")
      return try AccreteProcess.run(
        ["chat", try model(fixture).path, "--device", "cpu", "--max-tokens", "6"] + more, input: input)
    }

    @Test("turns are answered, remembered, saved as a row of messages, and forgotten")
    func turns() throws {
      let fixture = try CommandFixture()
      let saved = fixture.file("chat.jsonl")
      let outcome = try chat(
        ["one", "two", "/save \(saved.path)", "/reset", "one", "/save \(saved.path)", "/exit", "never"], fixture)
      #expect(outcome.code == 0, "\(outcome.errors)")
      let rows = try String(contentsOf: saved, encoding: .utf8).split(separator: "\n").map { line in
        try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: [[String: String]]])
      }
      #expect(
        rows.map { $0["messages"]?.map { $0["role"] ?? "" } } == [
          ["user", "assistant", "user", "assistant"], ["user", "assistant"],
        ])
      let first = try #require(rows[0]["messages"])
      #expect(first[0]["content"] == "one" && first[2]["content"] == "two")
      // After a reset, the first question gets the first answer again.
      #expect(rows[1]["messages"]?[1] == first[1])
      #expect(!outcome.output.contains("never"))
    }

    @Test("a context that is full forgets the oldest turns and says so")
    func fullContext() throws {
      let outcome = try chat(["one", "two", "three"], CommandFixture(), "--context", "100")
      #expect(outcome.code == 0 && outcome.errors.contains("turns no longer fit the context"), "\(outcome.errors)")
      let short = try chat([String(repeating: "long ", count: 60), "one"], CommandFixture(), "--context", "100")
      #expect(short.code == 0 && short.errorLines.count == 1, "\(short.errors)")
      #expect(short.errors.contains("as they stand, and chat asks it otherwise"))
      #expect(short.errors.contains("leave no room for an answer"))
    }

    @Test("without a template the command says what to do")
    func withoutTemplate() throws {
      let outcome = try AccreteProcess.run(["chat", TrainedModel.folder().path, "--device", "cpu"])
      #expect(outcome.code == 65 && outcome.errorLines.count == 1, "\(outcome.errors)")
      #expect(outcome.errors.contains("--prompt"))
    }

    @Test(
      "an unknown command and a file that cannot be written are said, and the dialogue goes on; it ends as not saved")
    func mistakes() throws {
      let outcome = try chat(["/rest", "/save", "/save /nonexistent/chat.jsonl", "one"], CommandFixture())
      #expect(outcome.code == 74, "\(outcome.errors)")
      #expect(outcome.errors.contains("/rest is no command"))
      #expect(outcome.errors.contains("/nonexistent/chat.jsonl: No such file or directory"))
      #expect(outcome.output.hasSuffix("\n"))
    }

    @Test("an interrupt stops the answer, not the program")
    func interrupt() throws {
      let fixture = try CommandFixture()
      let input = try fixture.write("one\n/save \(fixture.file("chat.jsonl").path)\n", "input.txt")
      let outcome = try AccreteProcess.run(
        ["chat", try model(fixture).path, "--device", "cpu", "--max-tokens", "400", "--temperature", "5"],
        input: input, signal: SIGINT, when: { output, _ in ((try? Data(contentsOf: output)) ?? Data()).count > 4 })
      #expect(outcome.code == 0 && outcome.errors.contains("stopped"), "\(outcome.errors)")
      #expect(FileManager.default.fileExists(atPath: fixture.file("chat.jsonl").path))
    }
  }
}
