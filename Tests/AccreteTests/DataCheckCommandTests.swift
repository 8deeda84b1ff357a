import Foundation
import TestSupport
import Testing

extension CommandTests {
  @Suite("data check")
  struct DataCheckCommandTests {
    private func check(_ fixture: CommandFixture, _ more: String...) throws -> CommandOutcome {
      try AccreteProcess.run(["data", "check", fixture.recipe.path] + more)
    }

    @Test("a recipe without faults ends with 0: the shares of each round, then a verdict a row, in 100 columns")
    func clean() throws {
      let fixture = try CommandFixture()
      let before = try CommandFixture.contents(fixture.folder)
      let outcome = try check(fixture)
      #expect(outcome.code == 0 && outcome.errors.isEmpty, "\(outcome.errors)\(outcome.output)")
      let lines = outcome.output.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      #expect(lines.first == "round one: 4 steps" && lines.contains("round two: 4 steps"), "\(outcome.output)")
      #expect(lines[1].hasPrefix("  dataset") && lines[1].contains("supervised %"))
      #expect(lines.allSatisfy { $0.count <= 100 }, "\(outcome.output)")
      #expect(lines.contains { $0.hasPrefix("ok      leaks           no held-out row") }, "\(outcome.output)")
      #expect(lines.contains { $0.hasPrefix("note    held-out rows   round one: it has 6 held-out rows") })
      #expect(outcome.output.contains("Latin 100 %"), "\(outcome.output)")
      #expect(outcome.output.hasSuffix("\nnothing would spoil the run: 4 notes\n"), "\(outcome.output)")
      #expect(try CommandFixture.contents(fixture.folder) == before)
    }

    @Test("what would spoil a run ends with 65 and a remedy; long names and texts stay within 100 columns")
    func spoilt() throws {
      let fixture = try CommandFixture()
      let name = String(repeating: "long-name-", count: 9)
      try fixture.write(CommandFixture.rows("one", 0..<20) + CommandFixture.rows("two", 21..<23), "one.jsonl")
      let outcome = try check(fixture, "warmup_steps=9", "rounds.0.name=\(name)", "rounds.0.valid=null")
      #expect(outcome.code == 65 && outcome.errors.isEmpty, "\(outcome.errors)")
      let lines = outcome.output.split(separator: "\n").map(String.init)
      #expect(lines.allSatisfy { $0.count <= 100 }, "\(outcome.output)")
      for words in [
        "fault   leaks", "warning warm-up", "warning held-out rows", "mend these before the run: 1 fault, ",
      ] {
        #expect(outcome.output.contains(words), "\(words) is not in: \(outcome.output)")
      }
      #expect(try check(fixture, "rounds.1.valid=null", "rounds.0.valid=null").code == 65)
    }

    @Test("--json holds rounds, datasets, leaks, findings and the verdict")
    func json() throws {
      let fixture = try CommandFixture()
      let report = try check(fixture, "--json").json()
      #expect(Set(report.keys) == ["rounds", "datasets", "leaks", "findings", "verdict"])
      #expect(report["verdict"] as? String == "note")
      let round = try #require((report["rounds"] as? [[String: Any]])?.last)
      #expect(Set(round.keys) == ["name", "steps", "is_whole", "parts"])
      let part = try #require((round["parts"] as? [[String: Any]])?.first)
      #expect(
        Set(part.keys) == [
          "name", "rows", "draws", "tokens", "supervised_tokens", "supervised_weight", "passes", "share_of_rows",
          "share_of_tokens", "share_of_supervised",
        ])
      #expect(part["rows"] as? Int == 20)
      #expect(abs((part["share_of_rows"] as? Double ?? 0) - 0.5) < 0.1)
      let dataset = try #require((report["datasets"] as? [[String: Any]])?.first)
      #expect(
        Set(dataset.keys) == [
          "name", "round", "file", "rows", "cut", "dropped", "too_long", "tokens", "supervised_tokens",
          "lost_supervised_tokens", "lengths", "scripts", "duplicates", "shared", "other_answers", "empty_answers",
          "doubled_bos",
        ])
      #expect((dataset["duplicates"] as? [String: Any])?["count"] as? Int == 0)
      let findings = try #require(report["findings"] as? [[String: Any]])
      #expect(
        findings.allSatisfy { Set($0.keys) == ["severity", "subject", "round", "dataset", "what", "remedy"] })
      try fixture.write("{\"prompt\": 1}\n", "two.jsonl")
      let spoilt = try check(fixture, "--json")
      #expect(spoilt.code == 65 && spoilt.errors.isEmpty)
      #expect(try spoilt.json()["verdict"] as? String == "fault")
      #expect((try spoilt.json()["rounds"] as? [Any])?.count == 1)
    }

    @Test("no weights are needed; what is missing or no recipe ends as in training")
    func model() throws {
      let fixture = try CommandFixture()
      let model = try fixture.copy(TrainedModel.folder().resolvingSymlinksInPath(), as: "model")
      try FileManager.default.removeItem(at: model.appending(path: "model.safetensors"))
      #expect(try check(fixture, "base={model: model}").code == 0)
      func expect(_ outcome: CommandOutcome, _ code: Int32, _ words: String) {
        #expect(outcome.code == code && outcome.errorLines.count == 1 && outcome.output.isEmpty, "\(outcome.errors)")
        #expect(outcome.errors.contains(words), "\(outcome.errors)")
      }
      expect(try check(fixture, "rounds.1.train=none.jsonl"), 66, "none.jsonl")
      expect(try check(fixture, "lr=1e-4"), 65, "write learning_rate: 1.0e-4")
      expect(try check(fixture, "sequence_length=4096"), 65, "512")
      expect(try check(fixture, "eval_steps=null", "load_best_model_at_end=true"), 65, "eval_steps")
    }
  }
}
