import Foundation
import Testing

extension CommandTests {
  @Suite("A run's folder")
  struct RunFolderTests {
    @Test("a second process in a run's folder is refused, and told who has it; the first goes on")
    func lock() throws {
      let fixture = try StoppedRun.fixture()
      var second: CommandOutcome?
      let first = try fixture.train("--device", "cpu", signal: SIGINT, after: "step 3/24") {
        second = try? fixture.train("--device", "cpu", "--resume")
        return true
      }
      #expect(first.code == 130, "\(first.errors.suffix(600))")
      let refused = try #require(second)
      #expect(refused.code == 74 && refused.errorLines.count == 1, "\(refused.errors)")
      let words = try Regex("is in use by process [0-9]+ on \\S+; ")
      #expect(refused.errors.contains(words) && refused.errors.contains(fixture.output.path), "\(refused.errors)")
      #expect(try !FileManager.default.contentsOfDirectory(atPath: fixture.output.path).contains("run.lock"))
      // A killed run leaves its lock file, which locks nothing.
      try fixture.write("99 elsewhere\n", "run/run.lock")
      #expect(try fixture.train("--device", "cpu", "--resume").code == 0)
      #expect(fixture.stepCount == 48)
    }

    @Test("a resumed run clears what a killed one left half written, and no file of the user's")
    func leftovers() throws {
      let fixture = try CommandFixture()
      try #require(try fixture.train("max_steps=1", "--device", "cpu").code == 0)
      let before = try FileManager.default.subpathsOfDirectory(atPath: fixture.output.path)
      let own = [
        "recipe.yaml.77-1.partial", "checkpoint.new/weights.safetensors", "checkpoint.old/state.json",
        "rounds/01-one/model.safetensors.5-99.partial", "figures/a.svg.1-2.partial",
        "tensorboard/events.1-4000000000.partial",
      ]
      let others = ["notes.partial", "a.1-x.partial", "rounds/01-one/b.1-2.partial.txt", "c.1-99999999999.partial"]
      for path in own + others {
        let file = fixture.output.appending(path: path)
        try FileManager.default.createDirectory(
          at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data("x".utf8).write(to: file)
      }
      try FileManager.default.createSymbolicLink(
        atPath: fixture.file("run/rounds/final.new").path, withDestinationPath: "01-one")
      #expect(try fixture.train("max_steps=1", "--device", "cpu", "--resume").code == 0)
      let after = try FileManager.default.subpathsOfDirectory(atPath: fixture.output.path)
      #expect(Set(after) == Set(before + others))
    }

    @Test("a finished run draws the report that a kill has kept it from drawing")
    func report() throws {
      let fixture = try CommandFixture()
      try #require(try fixture.train("max_steps=1", "--device", "cpu").code == 0)
      let report = fixture.file("run/report.html")
      let drawn = try Data(contentsOf: report)
      try FileManager.default.removeItem(at: report)
      #expect(try fixture.train("max_steps=1", "--device", "cpu", "--resume").code == 0)
      #expect(try Data(contentsOf: report) == drawn)
      // The report of an earlier round is older than the state.
      try Data("of an earlier round".utf8).write(to: report)
      let longAgo = [FileAttributeKey.modificationDate: Date(timeIntervalSince1970: 1)]
      try FileManager.default.setAttributes(longAgo, ofItemAtPath: report.path)
      #expect(try fixture.train("max_steps=1", "--device", "cpu", "--resume").code == 0)
      #expect(try Data(contentsOf: report) == drawn)
    }
  }
}
