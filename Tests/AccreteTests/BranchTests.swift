import Foundation
import Testing

extension CommandTests {
  @Suite("Branches")
  struct BranchTests {
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
      // The same settings give the same model.
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
