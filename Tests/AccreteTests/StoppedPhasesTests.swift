import Foundation
import TestSupport
import Testing

extension CommandTests {
  /// A signal in each phase of a run, sent when stderr or a file shows that the phase has begun.
  @Suite("Runs that are stopped in each phase")
  struct StoppedPhasesTests {
    private static let steps = 12

    /// A fixture with long evaluations, so that a signal arrives within one.
    private static func fixture() throws -> CommandFixture { try StoppedRun.fixture(steps: steps, heldOut: 100) }

    /// A phase, and the checkpoint that a run stopped in it leaves.
    struct Phase: CustomTestStringConvertible, Sendable {
      let testDescription: String
      /// Text on stderr, and a file in the run's folder, that show that the phase has begun.
      var words = ""
      var file = ""
      let signal: Int32
      /// The place of the run in the error.
      let place: String
      /// The saved state's pending work after its last step; nil where nothing is saved or the next step follows.
      var pending: String?
    }

    private static let phases = [
      Phase(testDescription: "the base is measured", file: "recipe.yaml", signal: SIGINT, place: "base after step 0"),
      Phase(
        testDescription: "the base answers", words: "held-out loss after M0:", signal: SIGTERM,
        place: "base after step 0"),
      Phase(
        testDescription: "a checkpoint is saved", words: "step 3/12", file: "checkpoint.new", signal: SIGTERM,
        place: "one after step"),
      Phase(testDescription: "a step", words: "step 6/12", signal: SIGHUP, place: "one after step"),
      Phase(
        testDescription: "an evaluation within the round", words: "step 4/12", signal: SIGTERM,
        place: "one after step 4", pending: "evaluation"),
      Phase(
        testDescription: "the choice of the round's model", words: "step 12/12", signal: SIGINT,
        place: "one after step 12"),
      Phase(
        testDescription: "the round's model answers", words: "held-out loss after one:", signal: SIGTERM,
        place: "one after step 12", pending: "ending"),
      Phase(testDescription: "the model is saved", file: "rounds/01-one", signal: SIGINT, place: "two after step 0"),
      Phase(
        testDescription: "an evaluation in the second round", words: "two  step 8/12", signal: SIGHUP,
        place: "two after step 8", pending: "evaluation"),
    ]

    @Test("a signal in any phase ends the run after a checkpoint, and it goes on to the bits of one never stopped")
    func stopped() throws {
      let whole = try Self.fixture()
      try #require(try whole.train("--device", "cpu").code == 0)
      let expected = try StoppedRun.ending(whole)
      for phase in Self.phases {
        let fixture = try Self.fixture()
        let stopped = try fixture.train("--device", "cpu", signal: phase.signal, after: phase.words) {
          phase.file.isEmpty
            || FileManager.default.fileExists(atPath: fixture.output.appending(path: phase.file).path)
        }
        let errors = stopped.errors.suffix(600)
        #expect(stopped.code == 128 + phase.signal, "\(phase): \(errors)")
        #expect(stopped.errorLines.count == 1 && stopped.errorLines[0].contains(phase.place), "\(phase): \(errors)")
        if phase.place.hasPrefix("base") {
          #expect(!FileManager.default.fileExists(atPath: fixture.file("run/checkpoint").path), "\(phase)")
        } else {
          let pending = try StoppedRun.saved("pending", fixture) as? String
          // A signal during a save is answered in the following step or its evaluation.
          let isLate = phase.file == "checkpoint.new" && pending == "evaluation"
          #expect(pending == phase.pending || isLate, "\(phase)")
        }
        let resumed = try fixture.train("--device", "cpu", "--resume")
        #expect(resumed.code == 0, "\(phase): \(resumed.errors.suffix(600))")
        let ending = try StoppedRun.ending(fixture)
        #expect(expected.keys.filter { ending[$0] != expected[$0] }.isEmpty, "\(phase)")
        #expect(ending.count == expected.count, "\(phase)")
      }
    }

    @Test(
      "a signal to all of a terminal's processes while kernels compile ends the run as interrupted",
      .onOpenCL, arguments: [2, 30, 60])
    func compiling(_ files: Int) throws {
      let fixture = try CommandFixture()
      let caches = fixture.file("caches")
      try FileManager.default.createDirectory(at: caches, withIntermediateDirectories: true)
      let stopped = try fixture.train(
        environment: ["POCL_CACHE_DIR": caches.path, "XDG_CACHE_HOME": caches.path], signal: SIGINT
      ) {
        ((try? FileManager.default.subpathsOfDirectory(atPath: caches.path)) ?? []).count >= files
      }
      #expect(stopped.code == 130, "\(stopped.errors.suffix(600))")
      #expect(stopped.errorLines.count == 1, "\(stopped.errors.suffix(600))")
      #expect(try fixture.train("--resume").code == 0)
      #expect(fixture.stepCount == 8)
    }

    @Test("a run that was started to ignore SIGHUP, as under nohup, goes on")
    func ignored() throws {
      let fixture = try CommandFixture()
      let outcome = try fixture.train("--device", "cpu", ignored: "HUP", signal: SIGHUP) { fixture.stepCount > 0 }
      #expect(outcome.code == 0 && fixture.stepCount == 8, "\(outcome.errors.suffix(600))")
    }
  }
}
