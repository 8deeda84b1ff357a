import Foundation
import GPUTensor
import TestSupport
import Testing
import Trainer

@Suite("What may change before a run goes on")
struct RunResumptionTests {
  private static func recipe(_ fixture: RunFixture, rounds: [String] = ["one", "two"]) throws -> Recipe {
    let train = try rounds.map { (name: $0, train: try fixture.write($0 + ".jsonl", word: $0, rows: 12)) }
    let valid = try rounds.map { try fixture.write($0 + "-valid.jsonl", word: $0, rows: 4, from: 12) }
    return fixture.recipe(
      base: .preset(name: "tiny", tokenizer: .bytes(vocabularySize: 259)),
      settings: RunFixture.settings(steps: 3, saveSteps: 50), rounds: train, valid: valid)
  }

  private static func refusal(_ fixture: RunFixture, _ recipe: Recipe, accepting: [String] = []) -> String {
    do {
      try fixture.run(recipe, on: CPUExecutor<Float>(), resuming: true, accepting: accepting)
      return "none"
    } catch {
      return "\(error)"
    }
  }

  @Test("a round is added to a finished run: its dataset joins the matrix, and the others are not trained again")
  func addedRound() throws {
    let fixture = try RunFixture()
    try fixture.run(try Self.recipe(fixture), on: CPUExecutor<Float>())
    let before = try (fixture.weights("02-two"), fixture.metrics().count)
    let longer = try Self.recipe(fixture, rounds: ["one", "two", "three"])
    let refusal = Self.refusal(fixture, longer)
    #expect(refusal.contains("rounds.2.name was not set, is \"three\""), "\(refusal)")
    #expect(refusal.contains("--accept"))

    let (summary, _) = try fixture.run(
      longer, on: CPUExecutor<Float>(), resuming: true, accepting: ["rounds.2"])
    #expect(try (fixture.weights("02-two"), fixture.metrics().count) == (before.0, before.1 + 3))
    #expect(summary.transfer.matrix.datasets == ["one", "two", "three"])
    #expect(
      summary.transfer.matrix.loss.map { $0.map { $0 != nil } } == [
        [true, true, false], [true, true, false], [true, true, false], [true, true, true],
      ])
    #expect(try fixture.final() == "03-three")
    #expect(try fixture.record("03-three").datasets.map(\.name) == ["one", "two", "three"])
    // Accepted once, the recipe is the run's own.
    #expect(
      try fixture.run(longer, on: CPUExecutor<Float>(), resuming: true).notes.contains { $0.contains("finished") })
  }

  @Test("changes that are accepted by name, or by what they stand in, are taken; others are refused beside them")
  func byName() throws {
    let fixture = try RunFixture()
    var recipe = try Self.recipe(fixture)
    try fixture.run(recipe, on: CPUExecutor<Float>())
    recipe.rounds[1].settings.learningRate = 1e-5
    recipe.rounds[1].settings.weightDecay = 0
    let refusal = Self.refusal(fixture, recipe, accepting: ["rounds.1.learning_rate", "rounds.1.weight"])
    #expect(refusal.contains("rounds.1.weight_decay") && !refusal.contains("learning_rate"), "\(refusal)")
    #expect(Self.refusal(fixture, recipe, accepting: ["rounds.1"]) == "none")
    let yaml = try String(contentsOf: fixture.output.appending(path: "recipe.yaml"), encoding: .utf8)
    #expect(yaml == recipe.yaml)
  }

  @Test(
    "a recipe of a release without a key is one with the key's default; another optimiser is refused whatever is accepted"
  )
  func olderRelease() throws {
    let fixture = try RunFixture()
    var recipe = try Self.recipe(fixture)
    let older = recipe.yaml.replacing("optimizer: adamw\n", with: "")
    let none = try recipe.changes(since: older)
    #expect(older != recipe.yaml && none.isEmpty)
    recipe.optimizer.kind = .lion
    let changes = try recipe.changes(since: older).map(\.description)
    #expect(changes == ["optimizer was adamw, is lion"])
    try fixture.run(try Self.recipe(fixture), on: CPUExecutor<Float>())
    #expect(Self.refusal(fixture, recipe, accepting: ["optimizer"]).contains("no run goes on under another optimizer"))
  }

  @Test("another base, and rounds that are renamed, moved or removed, are refused whatever is accepted")
  func never() throws {
    let fixture = try RunFixture()
    let recipe = try Self.recipe(fixture)
    try fixture.run(recipe, on: CPUExecutor<Float>())
    let everything = ["base", "rounds", "seed"]
    var other = recipe
    other.base = .preset(name: "tiny", tokenizer: .bytes(vocabularySize: 300))
    #expect(Self.refusal(fixture, other, accepting: everything).contains("base.tokenizer.vocab_size was 259, is 300"))
    other = recipe
    other.rounds.swapAt(0, 1)
    #expect(Self.refusal(fixture, other, accepting: everything).contains("the run has the rounds one, two"))
    other = recipe
    other.rounds.removeLast()
    #expect(Self.refusal(fixture, other, accepting: everything).contains("keep their names and order"))
  }

  @Test("a round that the gate refused is taken from its beginning, under settings that are accepted")
  func afterTheGate() throws {
    let fixture = try RunFixture()
    let first = try fixture.write("one.jsonl", word: "one", rows: 24)
    let other = try fixture.write("two.jsonl", word: "one", answer: "00000000", rows: 24)
    var settings = RunFixture.settings(steps: 60, saveSteps: 25)
    settings.union.replayFraction = 0
    settings.maxForgetting = 0.5
    var recipe = fixture.recipe(
      settings: settings, rounds: [("one", first), ("two", other)], valid: [first, other],
      allowLeaks: ["one", "two"])
    #expect(throws: RoundError.self) { try fixture.run(recipe, on: CPUExecutor<Float>()) }
    recipe.rounds[1].settings.duration = .steps(1)
    try fixture.run(recipe, on: CPUExecutor<Float>(), resuming: true, accepting: ["rounds.1"])
    #expect(try fixture.final() == "02-two")
    #expect(try fixture.metrics().count { $0.round == 2 } == 1)
  }

  @Test("what a run that was killed at its start left behind does not stop it from being started again")
  func killedAtStart() throws {
    let fixture = try RunFixture()
    let files = FileManager.default
    try files.createDirectory(at: fixture.rounds, withIntermediateDirectories: true)
    try Data("output_dir: ".utf8).write(to: fixture.output.appending(path: "recipe.yaml.77-1.partial"))
    try fixture.run(try Self.recipe(fixture), on: CPUExecutor<Float>())
    #expect(try fixture.final() == "02-two")
  }
}
