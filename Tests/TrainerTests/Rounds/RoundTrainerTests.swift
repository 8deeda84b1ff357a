import Foundation
import GPUTensor
import TestSupport
import Testing
import Trainer

@Suite("A round's end, and rows that harm")
struct RoundTrainerTests {
  /// One round that learns at once and then, at a rate far too high, gets worse.
  private static func recipe(_ fixture: RunFixture, steps: Int = 40) throws -> Recipe {
    var settings = RunFixture.settings(steps: steps, saveSteps: 7)
    settings.evalSteps = 2
    settings.learningRate = 0.02
    settings.lrSchedulerType = .constant
    let train = try fixture.write("one.jsonl", word: "one", rows: 6)
    let valid = try fixture.write("valid.jsonl", word: "one", answer: "on3", rows: 6, from: 24)
    return fixture.recipe(settings: settings, rounds: [("one", train)], valid: [valid])
  }

  private static func evaluations(_ fixture: RunFixture) throws -> [EvaluationLine] {
    var lines: [EvaluationLine] = []
    try EvaluationsFile.read(in: fixture.output) { lines.append($0) }
    return lines
  }

  @Test("each evaluation within a round is a line of its own")
  func lines() throws {
    let fixture = try RunFixture()
    try fixture.run(try Self.recipe(fixture, steps: 9), on: CPUExecutor<Float>())
    let lines = try Self.evaluations(fixture)
    #expect(lines.map(\.step) == [2, 4, 6, 8])
    #expect(lines.allSatisfy { $0.round == 1 && $0.name == "one" && $0.losses.count == 1 && $0.losses[0] != nil })
    #expect(try fixture.metrics().count == 9)
  }

  @Test("a round ends early once the held-out loss stays worse, and says so; its record has the steps it took")
  func early() throws {
    let fixture = try RunFixture()
    var recipe = try Self.recipe(fixture)
    recipe.rounds[0].settings.earlyStoppingPatience = 3
    let (summary, notes) = try fixture.run(recipe, on: CPUExecutor<Float>())
    let losses = try Self.evaluations(fixture).compactMap { $0.losses[0] }
    let best = try #require(losses.indices.min { losses[$0] < losses[$1] })
    #expect(losses.count == best + 4, "\(losses)")
    let steps = 2 * losses.count
    #expect(steps < 40)
    #expect(summary.rounds[0].steps == steps)
    #expect(try fixture.metrics().count == steps)
    #expect(try fixture.record("01-one").stoppedEarly == true)
    #expect(
      notes.contains { $0.contains("ends early after step \(steps)") && $0.contains("after step \(2 * best + 2)") })
  }

  @Test(
    "the best model is kept, not the last, and no weight crosses the bus for it", arguments: TrainerExecutors.all)
  func best(_ choice: ExecutorChoice) throws {
    let fixture = try RunFixture()
    var recipe = try Self.recipe(fixture)
    recipe.rounds[0].settings.loadBestModelAtEnd = true
    let (summary, _) = try fixture.run(recipe, on: choice.make())
    let losses = try Self.evaluations(fixture).compactMap { $0.losses[0] }
    let lowest = try #require(losses.min())
    #expect(try fixture.record("01-one").bestStep == 2 * (try #require(losses.firstIndex(of: lowest))) + 2)
    // The very weights: measured again they come to the very same loss.
    #expect(summary.transfer.matrix.loss[1][0] == lowest)
    #expect(lowest < losses[losses.count - 1])
    for line in try fixture.metrics() { #expect(line.bytesToDevice < 4096 && line.bytesFromDevice < 4096) }
    let record = try fixture.record("01-one")
    #expect(abs(Double(record.peakBytes) - Double(record.plannedBytes)) <= 0.1 * Double(record.plannedBytes))
  }

  @Test("a run that crashed after its best step goes on to the same model", arguments: TrainerExecutors.all)
  func resumesWithBest(_ choice: ExecutorChoice) throws {
    let fixture = try RunFixture()
    var recipe = try Self.recipe(fixture)
    recipe.rounds[0].settings.loadBestModelAtEnd = true
    recipe.rounds[0].settings.earlyStoppingPatience = 8
    let copy = fixture.folder.appending(path: "crashed")
    try fixture.run(recipe, on: choice.make()) { line in
      if line.step == 17 { try? FileManager.default.copyItem(at: fixture.output, to: copy) }
    }
    let whole = try (fixture.weights("01-one"), Self.evaluations(fixture).map(\.losses))
    try FileManager.default.removeItem(at: fixture.output)
    try FileManager.default.moveItem(at: copy, to: fixture.output)
    #expect(try fixture.files("checkpoint").contains("best_weights.safetensors"))
    try fixture.run(recipe, on: choice.make(), resuming: true)
    #expect(try fixture.weights("01-one") == whole.0)
    #expect(try Self.evaluations(fixture).map(\.losses) == whole.1)
  }

  @Test("stopping early needs evaluations within the round, and held-out rows")
  func needs() throws {
    let fixture = try RunFixture()
    var recipe = try Self.recipe(fixture)
    recipe.rounds[0].settings.earlyStoppingPatience = 3
    recipe.rounds[0].settings.evalSteps = nil
    for words in ["set eval_steps", "add valid or split"] {
      do {
        try fixture.run(recipe, on: CPUExecutor<Float>())
        Issue.record("it was taken")
      } catch let error as RoundError {
        #expect(error.exitCode == 65 && "\(error)".contains(words), "\(error)")
        #expect("\(error)".hasPrefix("rounds.0.early_stopping_patience"))
      }
      recipe.rounds[0].settings.evalSteps = 2
      recipe.rounds[0].valid = nil
    }
  }

  // MARK: - Rows without a finite loss

  /// A model, and rows that hold token 9 where `isPoisoned` says so.
  private static func recipe(
    _ fixture: RunFixture, steps: Int, isPoisoned: (Int) -> Bool
  ) throws -> Recipe {
    let rows = (0..<12).map { row in
      let ids = [5, isPoisoned(row) ? 9 : 6, 7, 8 + row % 2 * 3]
      return "{\"input_ids\": \(ids), \"labels\": \([-100, -100] + ids[2...])}"
    }
    let train = fixture.folder.appending(path: "rows.jsonl")
    try Data(rows.joined(separator: "\n").utf8).write(to: train)
    var settings = RunFixture.settings(steps: steps, saveSteps: 1)
    settings.packing = false
    settings.shuffle = false
    return fixture.recipe(
      base: .model(TestData.golden("llama/head-size-apart")), settings: settings, rounds: [("rows", train)])
  }

  /// Runs the recipe until its first step is saved, and makes the embedding of token 9 no number in that checkpoint.
  ///
  /// - Returns: the checkpoint as it was before.
  private static func poisonAfterFirstStep(
    _ fixture: RunFixture, _ recipe: Recipe, on executor: any Executor
  ) throws -> URL {
    let copy = fixture.folder.appending(path: "crashed")
    try fixture.run(recipe, on: executor) { line in
      if line.step == 2 { try? FileManager.default.copyItem(at: fixture.output, to: copy) }
    }
    try FileManager.default.removeItem(at: fixture.output)
    try FileManager.default.moveItem(at: copy, to: fixture.output)
    let checkpoint = fixture.output.appending(path: "checkpoint")
    let healthy = fixture.folder.appending(path: "healthy")
    try FileManager.default.copyItem(at: checkpoint, to: healthy)
    let weights = checkpoint.appending(path: "weights.safetensors")
    let hash = try FileHash.sha256(of: weights)
    try SafetensorsEdit.fill("model.embed_tokens.weight", row: 9, with: .nan, in: weights)
    let state = checkpoint.appending(path: "state.json")
    let text = try String(contentsOf: state, encoding: .utf8).replacing(hash, with: try FileHash.sha256(of: weights))
    try Data(text.utf8).write(to: state)
    return healthy
  }

  @Test(
    "a poisoned row is named by its line, its update skipped, and the rest learned", arguments: [false, true],
    TrainerExecutors.all)
  func poisonedRow(_ optimizerInBackward: Bool, _ choice: ExecutorChoice) throws {
    let fixture = try RunFixture()
    var recipe = try Self.recipe(fixture, steps: 6) { $0 == 4 }
    recipe.memory.optimizerInBackward = optimizerInBackward
    if optimizerInBackward { recipe.rounds[0].settings.maxGradNorm = 0 }
    _ = try Self.poisonAfterFirstStep(fixture, recipe, on: choice.make())
    var notes: [String] = []
    do {
      try fixture.run(recipe, on: choice.make(), resuming: true, note: { notes.append($0) })
      Issue.record("a model with a weight that is no number was kept")
    } catch let error as RoundError {
      #expect(error.exitCode == 4 && "\(error)".contains("model.embed_tokens.weight"), "\(error)")
    }
    let place = fixture.folder.appending(path: "rows.jsonl").path + ":5"
    #expect(notes.contains { $0.contains("round rows, step 3: ") && $0.hasSuffix("it read \(place)") }, "\(notes)")
    let lines = try fixture.metrics()
    #expect(lines.map { $0.loss == nil } == [false, false, true, false, false, false])
    #expect(try #require(lines[5].loss) < (try #require(lines[1].loss)))
  }

  @Test("five such steps in a row end the run with code 4, and it goes on once the rows are mended and accepted")
  func fiveInARow() throws {
    let fixture = try RunFixture()
    let recipe = try Self.recipe(fixture, steps: 6) { (2...11).contains($0) }
    let healthy = try Self.poisonAfterFirstStep(fixture, recipe, on: CPUExecutor<Float>())
    do {
      try fixture.run(recipe, on: CPUExecutor<Float>(), resuming: true)
      Issue.record("it went on")
    } catch let error as RoundError {
      #expect(error.exitCode == 4)
      #expect("\(error)".contains("round rows, step 6") && "\(error)".contains("rows.jsonl:11"), "\(error)")
    }
    let checkpoint = fixture.output.appending(path: "checkpoint")
    try FileManager.default.removeItem(at: checkpoint)
    try FileManager.default.moveItem(at: healthy, to: checkpoint)
    let rows = fixture.folder.appending(path: "rows.jsonl")
    let mended = try String(contentsOf: rows, encoding: .utf8).replacing("[5, 9, 7", with: "[5, 6, 7")
    try Data(mended.utf8).write(to: rows)
    #expect(throws: RoundError.self) { try fixture.run(recipe, on: CPUExecutor<Float>(), resuming: true) }
    try fixture.run(recipe, on: CPUExecutor<Float>(), resuming: true, accepting: ["rounds.0.train"])
    #expect(try fixture.metrics().map { $0.loss == nil } == [Bool](repeating: false, count: 6))
  }
}
