import Foundation
import TestSupport
import Testing

extension CommandTests {
  @Suite("report")
  struct ReportCommandTests {
    /// A copy of a trained run, in a fixture of its own.
    private func run() throws -> (fixture: CommandFixture, folder: URL) {
      let fixture = try CommandFixture()
      return (fixture, try fixture.copy(try TrainedModel.outcome.get().fixture.output, as: "copy"))
    }

    @Test("a run has a report, its figures and events, and the same again")
    func report() throws {
      let (fixture, folder) = try run()
      let outcome = try AccreteProcess.run(["report", folder.path, "--json"])
      try #require(outcome.code == 0, "\(outcome.errors)")
      let result = try outcome.json()
      let report = try #require(result["report"] as? String)
      let figures = try #require(result["figures"] as? [String])
      let events = try #require(result["tensorboard"] as? String)
      #expect(report == folder.appending(path: "report.html").path)
      #expect(figures.contains(folder.appending(path: "figures/transfer-loss.svg").path))
      #expect(events == folder.appending(path: "tensorboard").path)
      let page = try String(contentsOfFile: report, encoding: .utf8)
      #expect(page.contains("Held-out loss of each dataset after each round"))
      let before = try CommandFixture.contents(folder)
      #expect(figures.allSatisfy { FileManager.default.fileExists(atPath: $0) })
      let again = try AccreteProcess.run(["report", folder.path])
      #expect(again.code == 0)
      #expect(again.output.contains(report))
      #expect(try CommandFixture.contents(folder) == before)
      withExtendedLifetime(fixture) {}
    }

    @Test("a folder that holds no run, and one that is not there: 66 in one line")
    func noRun() throws {
      let fixture = try CommandFixture()
      for path in [fixture.folder.path, fixture.file("absent").path] {
        let outcome = try AccreteProcess.run(["report", path, "--json"])
        #expect(outcome.code == 66)
        #expect(outcome.output.isEmpty)
        #expect(outcome.errorLines.count == 1)
        #expect(outcome.errors.contains("output_dir"))
      }
    }

    @Test("a damaged file: 65, with its place and the remedy", arguments: ["metrics.jsonl", "transfer.json"])
    func damaged(name: String) throws {
      let (fixture, folder) = try run()
      try? FileManager.default.removeItem(at: folder.appending(path: "report.html"))
      let file = folder.appending(path: name)
      var bytes = try Data(contentsOf: file)
      bytes[bytes.startIndex + 5] = 0
      try bytes.write(to: file)
      let outcome = try AccreteProcess.run(["report", folder.path])
      #expect(outcome.code == 65)
      #expect(outcome.errorLines.count == 1)
      #expect(outcome.errors.contains(file.path))
      #expect(outcome.errors.contains("byte 5"))
      #expect(outcome.errors.contains("restore the file"))
      #expect(!FileManager.default.fileExists(atPath: folder.appending(path: "report.html").path))
      withExtendedLifetime(fixture) {}
    }
  }
}
