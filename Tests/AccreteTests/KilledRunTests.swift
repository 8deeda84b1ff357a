import Foundation
import TestSupport
import Testing

extension CommandTests {
  /// Runs that end at no chosen moment: killed, or out of disk.
  @Suite("Runs that are stopped")
  struct KilledRunTests {
    /// Kills in a run; `ACCRETE_KILLS` sets another number.
    private static let kills = ProcessInfo.processInfo.environment["ACCRETE_KILLS"].flatMap { Int($0) } ?? 8

    @Test("killed at random moments, a run goes on to the bits of one that never stopped", arguments: ["cpu", "auto"])
    func killed(_ device: String) throws {
      let whole = try StoppedRun.fixture()
      let start = Date()
      let outcome = try whole.train("--device", device)
      let seconds = Date().timeIntervalSince(start)
      try #require(outcome.code == 0, "\(outcome.errors)")
      let expected = try StoppedRun.ending(whole)
      #expect(expected.count == 6 + 48)

      var random = SeededGenerator(seed: 5)
      var (kills, ends) = (0, 0)
      while kills < Self.kills {
        let fixture = try StoppedRun.fixture()
        var isOver = false
        while !isOver {
          let moment = Date() + Double.random(in: 0..<seconds, using: &random)
          let stopped = try fixture.train("--device", device, "--resume", signal: SIGKILL) { Date() >= moment }
          // A run that ended before its kill ends the series.
          isOver = stopped.code == 0
          if !isOver {
            try #require(stopped.code == SIGKILL, "\(stopped.errors.suffix(600))")
            kills += 1
          }
        }
        ends += 1
        let found = try StoppedRun.ending(fixture)
        for (path, data) in expected { #expect(found[path] == data, "\(path), after \(kills) kills") }
        #expect(found.count == expected.count)
        let partial = try FileManager.default.subpathsOfDirectory(atPath: fixture.output.path)
          .filter { $0.hasSuffix(".new") || $0.hasSuffix(".old") || $0.hasSuffix(".partial") || $0.hasSuffix(".lock") }
        #expect(partial.isEmpty)
      }
      print("\(kills) kills on \(device), \(ends) runs ended, bit for bit as one never stopped")
    }

    @Test("where no file can grow the last good checkpoint stays, and the run goes on from it")
    func fullDisk() throws {
      let whole = try StoppedRun.fixture()
      try #require(try whole.train("--device", "cpu").code == 0)
      let fixture = try StoppedRun.fixture()
      let stopped = try fixture.train("--device", "cpu", signal: SIGINT) { fixture.stepCount >= 8 }
      try #require(stopped.code == 130, "\(stopped.errors.suffix(600))")
      let checkpoint = try CommandFixture.contents(fixture.file("run/checkpoint"))
      let full = try fixture.train("--device", "cpu", "--resume", fileLimit: 64)
      #expect(full.code == 74, "\(full.errors.suffix(600))")
      #expect(full.errorLines.count == 1 && full.errors.contains("File too large"), "\(full.errors.suffix(600))")
      #expect(try CommandFixture.contents(fixture.file("run/checkpoint")) == checkpoint)
      #expect(try fixture.train("--device", "cpu", "--resume").code == 0)
      #expect(try StoppedRun.ending(fixture) == StoppedRun.ending(whole))
    }
  }
}
