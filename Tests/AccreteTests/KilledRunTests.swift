import Foundation
import TestSupport
import Testing

extension CommandTests {
  /// Runs that nobody lets end: killed at any moment, out of disk, branched off.
  @Suite("Runs that are stopped")
  struct KilledRunTests {
    /// `ACCRETE_KILLS` asks for another number.
    private static let kills = ProcessInfo.processInfo.environment["ACCRETE_KILLS"].flatMap { Int($0) } ?? 8

    /// Two rounds with everything that is saved and measured on the way: checkpoints, evaluations, the best model, tasks.
    private static func fixture() throws -> CommandFixture {
      let fixture = try CommandFixture()
      let recipe = CommandFixture.recipeText(steps: 24).replacing("save_steps: 20", with: "save_steps: 3")
        .replacing("{name: one,", with: "{name: one, task: qa,")
      try fixture.write(
        recipe + "eval_steps: 4\nload_best_model_at_end: true\nevaluation: {max_examples: 4, max_new_tokens: 6}\n",
        "recipe.yaml")
      return fixture
    }

    /// What a run must come to, whatever happened on the way.
    private static func ending(_ fixture: CommandFixture) throws -> [String: Data] {
      var ending: [String: Data] = [:]
      for path in [
        "rounds/01-one/model.safetensors", "rounds/02-two/model.safetensors", "rounds/00-base/samples.jsonl",
        "rounds/02-two/samples.jsonl", "transfer.json", "evaluations.jsonl",
      ] {
        ending[path] = try Data(contentsOf: fixture.output.appending(path: path))
      }
      // The lines without what depends on the clock.
      for (index, line) in try Data(contentsOf: fixture.metrics).split(separator: UInt8(ascii: "\n")).enumerated() {
        var object = try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any] ?? [:]
        object["tokens_per_second"] = nil
        ending["metrics \(index)"] = try JSONSerialization.data(withJSONObject: object, options: .sortedKeys)
      }
      return ending
    }

    @Test("killed at random moments, a run goes on to the bits of one that never stopped", arguments: ["cpu", "auto"])
    func killed(_ device: String) throws {
      let whole = try Self.fixture()
      let start = Date()
      let outcome = try whole.train("--device", device)
      let seconds = Date().timeIntervalSince(start)
      try #require(outcome.code == 0, "\(outcome.errors)")
      let expected = try Self.ending(whole)
      #expect(expected.count == 6 + 48)

      var random = SeededGenerator(seed: 5)
      var (kills, ends) = (0, 0)
      while kills < Self.kills {
        let fixture = try Self.fixture()
        var isOver = false
        while !isOver {
          let moment = Date() + Double.random(in: 0..<seconds, using: &random)
          let stopped = try fixture.train("--device", device, "--resume", signal: SIGKILL) { Date() >= moment }
          // A run that ended before its moment came ends this row of kills.
          isOver = stopped.code == 0
          if !isOver {
            try #require(stopped.code == SIGKILL, "\(stopped.errors.suffix(600))")
            kills += 1
          }
        }
        ends += 1
        let found = try Self.ending(fixture)
        for (path, data) in expected { #expect(found[path] == data, "\(path), after \(kills) kills") }
        #expect(found.count == expected.count)
        let partial = try FileManager.default.subpathsOfDirectory(atPath: fixture.output.path)
          .filter { $0.hasSuffix(".new") || $0.hasSuffix(".old") }
        #expect(partial.isEmpty)
      }
      print("\(kills) kills on \(device), \(ends) runs ended, bit for bit as one never stopped")
    }

    @Test("where no file can grow the last good checkpoint stays, and the run goes on from it")
    func fullDisk() throws {
      let whole = try Self.fixture()
      try #require(try whole.train("--device", "cpu").code == 0)
      let fixture = try Self.fixture()
      let stopped = try fixture.train("--device", "cpu", signal: SIGINT) { fixture.stepCount >= 8 }
      try #require(stopped.code == 130, "\(stopped.errors.suffix(600))")
      let checkpoint = try CommandFixture.contents(fixture.file("run/checkpoint"))
      let full = try fixture.train("--device", "cpu", "--resume", fileLimit: 64)
      #expect(full.code == 74, "\(full.errors.suffix(600))")
      #expect(full.errorLines.count == 1 && full.errors.contains("File too large"), "\(full.errors.suffix(600))")
      #expect(try CommandFixture.contents(fixture.file("run/checkpoint")) == checkpoint)
      #expect(try fixture.train("--device", "cpu", "--resume").code == 0)
      #expect(try Self.ending(fixture) == Self.ending(whole))
    }

    @Test("a branch takes a round again under other settings, and leaves the run as it is")
    func branch() throws {
      let fixture = try CommandFixture()
      try #require(try fixture.train("--device", "cpu").code == 0)
      let before = try CommandFixture.contents(fixture.output)
      func branch(_ more: String...) throws -> CommandOutcome {
        try AccreteProcess.run(["train", fixture.recipe.path, "--device", "cpu"] + more)
      }
      let slow = ["rounds.1.learning_rate=1e-5", "--branch", "slow", "--from-round", "2"]
      let outcome = try branch(slow[0], slow[1], slow[2], slow[3], slow[4], "--json")
      #expect(outcome.code == 0, "\(outcome.errors.suffix(600))")
      let folder = fixture.output.appending(path: "branches/slow")
      #expect(try outcome.json()["output_dir"] as? String == folder.path)
      let after = try CommandFixture.contents(fixture.output)
      #expect(after.filter { !$0.key.hasPrefix("branches/") } == before)

      let (old, new) = try (Self.matrix(fixture.output), Self.matrix(folder))
      #expect(new.count == 3 && new[0] == old[0] && new[1] == old[1] && new[2] != old[2])
      #expect(try Data(contentsOf: folder.appending(path: "metrics.jsonl")).count { $0 == UInt8(ascii: "\n") } == 4)
      let model = folder.appending(path: "rounds/final/model.safetensors")
      #expect(FileManager.default.fileExists(atPath: model.path))
      // The same settings come to the same model.
      #expect(try branch("--branch", "same", "--from-round", "2").code == 0)
      #expect(
        try Data(contentsOf: fixture.output.appending(path: "branches/same/rounds/02-two/model.safetensors"))
          == Data(contentsOf: fixture.output.appending(path: "rounds/02-two/model.safetensors")))

      for (more, code, words) in [
        (slow, Int32(65), "already holds a branch"), (slow + ["--resume"], 0, "finished"),
        (["--branch", "x", "--from-round", "3"], 65, "rounds 1 to 2"), (["--branch", "x"], 64, "belong together"),
        (["--branch", "../x", "--from-round", "1"], 65, "--branch"),
        (["rounds.0.split=0.5", "rounds.0.valid=null", "--branch", "x", "--from-round", "2"], 65, "rounds.0.valid"),
        (["output_dir=elsewhere", "--branch", "x", "--from-round", "1"], 66, "no run to branch from"),
      ] as [([String], Int32, String)] {
        let refused = try AccreteProcess.run(["train", fixture.recipe.path, "--device", "cpu"] + more)
        #expect(refused.code == code && refused.errors.contains(words), "\(more): \(refused.errors.suffix(600))")
      }
    }

    private static func matrix(_ run: URL) throws -> [[Double]] {
      let object = try JSONSerialization.jsonObject(with: Data(contentsOf: run.appending(path: "transfer.json")))
      return try #require((object as? [String: Any])?["loss"] as? [[Double]])
    }
  }
}
