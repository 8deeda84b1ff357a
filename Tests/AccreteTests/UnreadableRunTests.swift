import Foundation
import Testing

extension CommandTests {
  /// A run's file that cannot be read is an error; a missing checkpoint starts the run anew, unless there are finished
  /// rounds.
  @Suite("Runs whose files cannot be read")
  struct UnreadableRunTests {
    private static let files = [
      "checkpoint", "checkpoint/state.json", "checkpoint/weights.safetensors", "checkpoint/first_moments.safetensors",
      "checkpoint/second_moments.safetensors", "checkpoint/best_weights.safetensors", "metrics.jsonl",
      "evaluations.jsonl", "recipe.yaml", "transfer.json", "rounds/00-base/round.json", "rounds/01-one",
      "rounds/01-one/round.json", "rounds/01-one/samples.jsonl",
    ]

    @Test("each file that a resumed run reads, made unreadable, is named, and nothing on the disk changes")
    func unreadable() throws {
      let fixture = try StoppedRun.fixture(steps: 6)
      let stopped = try fixture.train("--device", "cpu", signal: SIGINT, after: "two  step 5/6")
      try #require(stopped.code == 130, "\(stopped.errors.suffix(600))")
      try #require(try StoppedRun.saved("best", fixture) != nil)
      let files = FileManager.default
      let aside = fixture.file("aside")
      for path in Self.files {
        let file = fixture.output.appending(path: path)
        try files.moveItem(at: file, to: aside)
        // A link to itself fails like a file on a failing disk.
        try files.createSymbolicLink(atPath: file.path, withDestinationPath: file.lastPathComponent)
        let before = try Self.names(fixture)
        let content = try CommandFixture.contents(fixture.output)
        let refused = try fixture.train("--device", "cpu", "--resume")
        #expect(refused.code == 74 && refused.errorLines.count == 1, "\(path): \(refused.errors.suffix(600))")
        #expect(refused.errorLines.last?.contains(file.path) == true, "\(path): \(refused.errors.suffix(600))")
        #expect(try Self.names(fixture) == before, "\(path)")
        #expect(try CommandFixture.contents(fixture.output) == content, "\(path)")
        try files.removeItem(at: file)
        try files.moveItem(at: aside, to: file)
      }
      // A folder in a file's place is not a file.
      let state = fixture.file("run/checkpoint/state.json")
      try files.moveItem(at: state, to: aside)
      try files.createDirectory(at: state, withIntermediateDirectories: false)
      #expect(try fixture.train("--device", "cpu", "--resume").code == 65)
      try files.removeItem(at: state)
      try files.moveItem(at: aside, to: state)
      #expect(try fixture.train("--device", "cpu", "--resume").code == 0)
    }

    @Test("without a checkpoint, rounds that have ended are named and never written over")
    func checkpointMissing() throws {
      let fixture = try CommandFixture()
      try #require(try fixture.train("max_steps=2", "--device", "cpu").code == 0)
      try FileManager.default.removeItem(at: fixture.file("run/checkpoint"))
      let before = try CommandFixture.contents(fixture.output)
      let refused = try fixture.train("max_steps=2", "--device", "cpu", "--resume")
      #expect(refused.code == 65 && refused.errorLines.count == 1, "\(refused.errors)")
      #expect(refused.errors.contains("01-one, 02-two") && refused.errors.contains("rounds/02-two}"))
      #expect(try CommandFixture.contents(fixture.output) == before)
    }

    @Test("a line of metrics.jsonl that is no line is named by its number, unless a crash cut it")
    func damagedLine() throws {
      let fixture = try CommandFixture()
      try #require(try fixture.train("max_steps=2", "--device", "cpu").code == 0)
      let lines = try String(contentsOf: fixture.metrics, encoding: .utf8)
      try (lines + "{\"round\": 9").write(to: fixture.metrics, atomically: true, encoding: .utf8)
      #expect(try fixture.train("max_steps=2", "--device", "cpu", "--resume").code == 0)
      #expect(try String(contentsOf: fixture.metrics, encoding: .utf8) == lines)
      try ("{\"round\": 1}\n" + lines).write(to: fixture.metrics, atomically: true, encoding: .utf8)
      let refused = try fixture.train("max_steps=2", "--device", "cpu", "--resume")
      #expect(refused.code == 65 && refused.errors.contains("metrics.jsonl:1: "), "\(refused.errors)")
    }

    /// Every name below the run's folder, links and folders included.
    private static func names(_ fixture: CommandFixture) throws -> Set<String> {
      Set(try FileManager.default.subpathsOfDirectory(atPath: fixture.output.path))
    }
  }
}
