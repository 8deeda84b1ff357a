import Foundation
import GPUTensor
import Kernels
import TestSupport
import Testing
import Trainer

@Suite("Going on after a stop")
struct RunCheckpointTests {
  private static func recipe(_ fixture: RunFixture) throws -> Recipe {
    var settings = RunFixture.settings(steps: 9, saveSteps: 3)
    settings.gradientAccumulationSteps = 2
    settings.objective = ReadingOrder(forward: 0.5, reverse: 0.5)
    let train = try ["one", "two"].map { (name: $0, train: try fixture.write($0 + ".jsonl", word: $0, rows: 20)) }
    let valid = try ["one", "two"].map { try fixture.write($0 + "-valid.jsonl", word: $0, rows: 5, from: 20) }
    return fixture.recipe(settings: settings, rounds: train, valid: valid)
  }

  /// A step's numbers without how long it took.
  private static func numbers(_ line: MetricsLine) -> MetricsLine {
    var line = line
    line.tokensPerSecond = 0
    return line
  }

  private static func text(_ lines: [MetricsLine]) throws -> [String] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    return try lines.map { String(decoding: try encoder.encode(numbers($0)), as: UTF8.self) }
  }

  /// Rounds and steps at which the folder is copied away, as a crash would leave it: in the middle of the first round
  /// after a checkpoint, with lines of steps that the checkpoint does not know; before the second round's first
  /// checkpoint; and after that one.
  @Test(
    "a run that crashed goes on to the same bits as one that never stopped",
    arguments: [(1, 2), (1, 5), (2, 1), (2, 8)], TrainerExecutors.all)
  func resumes(_ crash: (round: Int, step: Int), _ choice: ExecutorChoice) throws {
    let fixture = try RunFixture()
    let recipe = try Self.recipe(fixture)
    let copy = fixture.folder.appending(path: "crashed")
    try fixture.run(recipe, on: choice.make()) { line in
      guard line.round == crash.round, line.step == crash.step else { return }
      do {
        try FileManager.default.copyItem(at: fixture.output, to: copy)
      } catch {
        Issue.record(error)
      }
    }
    let whole = try (weights: fixture.weights("02-two"), lines: Self.text(fixture.metrics()))
    let transfer = try Data(contentsOf: fixture.output.appending(path: "transfer.json"))

    try FileManager.default.removeItem(at: fixture.output)
    try FileManager.default.moveItem(at: copy, to: fixture.output)
    #expect(try fixture.metrics().count < whole.lines.count)
    let (summary, notes) = try fixture.run(recipe, on: choice.make(), resuming: true)
    #expect(notes.contains { $0.hasPrefix("resumed in round \(crash.round)") }, "\(notes)")
    #expect(try fixture.weights("02-two") == whole.weights)
    #expect(try Self.text(fixture.metrics()) == whole.lines)
    #expect(try Data(contentsOf: fixture.output.appending(path: "transfer.json")) == transfer)
    #expect(summary.rounds.map(\.steps) == [9, 9])
    let records = try ["01-one", "02-two"].map { try fixture.record($0) }
    for record in records {
      let tokens = try fixture.metrics().filter { $0.round == record.round }.reduce(0) { $0 + $1.tokens }
      #expect(record.datasets.reduce(0) { $0 + $1.tokensSeen } == tokens)
    }
  }

  @Test("a finished run says so and trains nothing; without a run, resuming starts one")
  func finished() throws {
    let fixture = try RunFixture()
    let recipe = try Self.recipe(fixture)
    try fixture.run(recipe, on: CPUExecutor<Float>(), resuming: true)
    let (weights, lines) = try (fixture.weights("02-two"), fixture.metrics().count)
    #expect(lines == 18)
    let (summary, notes) = try fixture.run(recipe, on: CPUExecutor<Float>(), resuming: true)
    #expect(notes.contains { $0.contains("finished") }, "\(notes)")
    #expect(try fixture.weights("02-two") == weights)
    #expect(try fixture.metrics().count == lines)
    #expect(summary.rounds.map(\.steps) == [9, 9])
  }

  @Test("another recipe does not go on from this one's checkpoint")
  func changedRecipe() throws {
    let fixture = try RunFixture()
    var recipe = try Self.recipe(fixture)
    try fixture.run(recipe, on: CPUExecutor<Float>())
    recipe.seed += 1
    do {
      try fixture.run(recipe, on: CPUExecutor<Float>(), resuming: true)
      Issue.record("it went on")
    } catch let error as RoundError {
      #expect(error.exitCode == 65)
      #expect("\(error)".contains("seed was 7, is 8"), "\(error)")
    }
  }

  @Test("a damaged checkpoint is refused by its hash")
  func damaged() throws {
    let fixture = try RunFixture()
    let recipe = try Self.recipe(fixture)
    let copy = fixture.folder.appending(path: "crashed")
    try fixture.run(recipe, on: CPUExecutor<Float>()) { line in
      if line.round == 1, line.step == 5 { try? FileManager.default.copyItem(at: fixture.output, to: copy) }
    }
    try FileManager.default.removeItem(at: fixture.output)
    try FileManager.default.moveItem(at: copy, to: fixture.output)
    let file = fixture.output.appending(path: "checkpoint/first_moments.safetensors")
    var bytes = try Data(contentsOf: file)
    bytes[bytes.count - 9] ^= 1
    try bytes.write(to: file)
    do {
      try fixture.run(recipe, on: CPUExecutor<Float>(), resuming: true)
      Issue.record("it went on")
    } catch let error as FileError {
      #expect(error.kind == .invalid && error.path == file.path, "\(error)")
    }
  }
}
