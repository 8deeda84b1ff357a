import Foundation
import GPUTensor
import Kernels
import TestSupport
import Testing
import Trainer

@Suite("Compounding rounds")
struct CompoundingRunTests {
  private static let names = ["one", "two", "three"]

  private static let settings = RunFixture.settings(steps: 6, saveSteps: 4)

  /// Three rounds from nothing; the second dataset has no held-out rows.
  private static func threeRounds(_ fixture: RunFixture, _ settings: TrainingSettings = settings) throws -> Recipe {
    let train = try names.map { (name: $0, train: try fixture.write($0 + ".jsonl", word: $0, rows: 24)) }
    let valid = try names.map { name in
      name == "two" ? nil : try fixture.write(name + "-valid.jsonl", word: name, rows: 6, from: 24)
    }
    return fixture.recipe(settings: settings, rounds: train, valid: valid)
  }

  @Test("a run leaves every file of its contract, and its numbers agree", arguments: TrainerExecutors.all)
  func leavesItsFiles(_ choice: ExecutorChoice) throws {
    let fixture = try RunFixture()
    let recipe = try Self.threeRounds(fixture)
    let executor = try choice.make()
    let (summary, notes) = try fixture.run(recipe, on: executor)

    let model = ["config.json", "model.safetensors", "round.json", "tokenizer.json", "tokenizer_config.json"]
    for (index, name) in Self.names.enumerated() {
      #expect(try fixture.files("rounds/0\(index + 1)-\(name)").isSuperset(of: model), "round \(name)")
    }
    #expect(try fixture.files("rounds/00-base") == ["round.json"])
    #expect(try fixture.final() == "03-three")
    #expect(try fixture.files("checkpoint") == ["state.json"])
    let resolved = try Recipe.load(fixture.output.appending(path: "recipe.yaml"))
    #expect(resolved.yaml == recipe.yaml)
    #expect(try !fixture.files().contains { $0.hasSuffix(".new") || $0.hasSuffix(".old") || $0.contains(".tmp") })

    try Self.checkMetrics(fixture, executor: executor)
    try Self.checkRecords(fixture)
    try Self.checkTransfer(fixture, summary)
    #expect(notes.contains { $0.contains("round 2 of 3, two: 6 steps") })
  }

  private static func checkMetrics(_ fixture: RunFixture, executor: any Executor) throws {
    let lines = try fixture.metrics()
    #expect(lines.map(\.step) == Array(1...6) + Array(1...6) + Array(1...6))
    #expect(lines.map(\.round) == [1, 2, 3].flatMap { [Int](repeating: $0, count: 6) })
    #expect(lines.allSatisfy { $0.name == names[$0.round - 1] })
    for line in lines {
      #expect((line.loss ?? .nan).isFinite && (line.gradNorm ?? .nan) > 0 && line.tokensPerSecond > 0)
      #expect(line.tokens > line.supervisedTokens && line.supervisedTokens > 0 && line.tokens <= 2 * 48)
      // A step sends the places of its samples, and reads its own numbers: 16 bytes.
      #expect(line.bytesToDevice <= 16 * line.tokens + 4096 && line.bytesFromDevice <= 4096)
      if executor.traits != nil { #expect(line.bytesToDevice > 0 && line.bytesFromDevice > 0) }
    }
    // Each round warms up again.
    #expect(lines.filter { $0.step == 1 }.allSatisfy { abs($0.learningRate - 1.5e-3) < 1e-12 })
    let keys = [
      "round", "step", "loss", "learning_rate", "grad_norm", "tokens", "tokens_per_second", "bytes_to_device",
      "bytes_from_device",
    ]
    let text = try String(contentsOf: fixture.output.appending(path: "metrics.jsonl"), encoding: .utf8)
    for line in text.split(separator: "\n") {
      let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      #expect(Set(keys).isSubset(of: Set((object ?? [:]).keys)))
    }
  }

  private static func checkRecords(_ fixture: RunFixture) throws {
    let records = try ["00-base", "01-one", "02-two", "03-three"].map { try fixture.record($0) }
    #expect(records.map(\.steps) == [0, 6, 6, 6])
    #expect(records.map(\.parent) == [nil, "00-base", "01-one", "02-two"])
    #expect(records[2].parentSha256 == records[1].sha256 && records[3].parentSha256 == records[2].sha256)
    for (record, name) in zip(records.dropFirst(), names) {
      let file = fixture.rounds.appending(path: "0\(record.round)-\(name)/model.safetensors")
      #expect(try record.sha256 == FileHash.sha256(of: file))
      #expect(record.datasets.map(\.name) == Array(names.prefix(record.round)))
      #expect(record.datasets.allSatisfy { $0.rows == 24 && $0.rowsSeen > 0 && $0.tokensSeen > $0.rowsSeen })
      let planned = Double(record.plannedBytes)
      #expect(abs(Double(record.peakBytes) - planned) <= 0.1 * planned, "peak \(record.peakBytes), plan \(planned)")
    }
    let lines = try fixture.metrics()
    for record in records.dropFirst() {
      let tokens = lines.filter { $0.round == record.round }.reduce(0) { $0 + $1.tokens }
      #expect(record.datasets.reduce(0) { $0 + $1.tokensSeen } == tokens)
      #expect(record.finalLoss == lines.last { $0.round == record.round }?.loss)
    }
  }

  private static func checkTransfer(_ fixture: RunFixture, _ summary: RunSummary) throws {
    let matrix = try LlamaGolden.decode(TransferMatrix.self, from: fixture.output.appending(path: "transfer.json"))
    #expect(matrix.datasets == names)
    #expect(matrix.loss.count == 4)
    for row in matrix.loss { #expect(row.map { $0 == nil } == [false, true, false]) }
    // Each round learns what it reads: its own column falls.
    #expect(try #require(matrix.loss[1][0]) < #require(matrix.loss[0][0]) - 0.5)
    #expect(try #require(matrix.loss[3][2]) < #require(matrix.loss[2][2]))
    #expect(summary.rounds.map(\.name) == names && summary.rounds.map(\.steps) == [6, 6, 6])
    #expect(summary.transfer == TransferFile(matrix))
    // What the run measured is what its model, opened again, gives.
    let model = try LoadedModel.open(fixture.rounds.appending(path: "final"), on: .fallback)
    let valid = try Dataset.load(
      name: "three", files: RowFiles(fixture.folder.appending(path: "three-valid.jsonl")), tokenizer: model.tokenizer,
      vocabularySize: 300, sequenceLength: 48)
    let evaluator = LossEvaluator(
      model: model.deviceModel, rope: model.rope, executor: model.executor, rowCapacity: 256)
    try model.executor.prepare([evaluator.plan])
    #expect(abs(try evaluator.meanLoss(valid.samples).loss - #require(matrix.loss[3][2])) < 1e-4)
  }

  @Test("replay_fraction 0 reads only the new dataset, 1 only the earlier ones")
  func replayFraction() throws {
    for (fraction, isRead) in [(0.0, [false, true]), (1.0, [true, false])] {
      let fixture = try RunFixture()
      var settings = Self.settings
      settings.union.replayFraction = fraction
      var recipe = try Self.threeRounds(fixture, settings)
      recipe.rounds.removeLast()
      try fixture.run(recipe, on: CPUExecutor<Float>())
      let seen = try fixture.record("02-two").datasets.map(\.rowsSeen)
      #expect(seen.map { $0 > 0 } == isRead, "replay_fraction \(fraction): \(seen)")
    }
  }

  @Test("rounds that read the same file are told apart in the records")
  func sameFileTwice() throws {
    let fixture = try RunFixture()
    let rows = try fixture.write("rows.jsonl", word: "one", rows: 12)
    let recipe = fixture.recipe(settings: Self.settings, rounds: [("first", rows), ("again", rows)])
    try fixture.run(recipe, on: CPUExecutor<Float>())
    #expect(try fixture.record("02-again").datasets.map(\.name) == ["first", "again"])
  }

  @Test("the gate refuses a round that harms an earlier dataset, and the round before stays the last")
  func gate() throws {
    let fixture = try RunFixture()
    var settings = Self.settings
    settings.duration = .steps(60)
    settings.union.replayFraction = 0
    settings.maxForgetting = 0.5
    // The same prompts, another answer: learning the one is forgetting the other.
    let first = try fixture.write("one.jsonl", word: "one", rows: 24)
    let other = try fixture.write("three.jsonl", word: "one", answer: "00000000", rows: 24)
    let recipe = fixture.recipe(
      settings: settings, rounds: [("one", first), ("three", other)], valid: [first, other],
      allowLeaks: ["one", "three"])
    do {
      try fixture.run(recipe, on: CPUExecutor<Float>())
      Issue.record("the round was not refused")
    } catch let error as RoundError {
      #expect(error.exitCode == 3)
      #expect("\(error)".contains("round three is refused: one lost"), "\(error)")
    }
    #expect(try fixture.final() == "01-one")
    #expect(try fixture.files("rounds/02-three.refused").isSuperset(of: ["model.safetensors", "round.json"]))
    #expect(try !fixture.files("rounds").contains("02-three"))
    let matrix = try LlamaGolden.decode(TransferMatrix.self, from: fixture.output.appending(path: "transfer.json"))
    #expect(matrix.loss.count == 2)
  }

  @Test("an output folder that holds something else is refused, and left as it is")
  func takenOutput() throws {
    let fixture = try RunFixture()
    var recipe = try Self.threeRounds(fixture)
    recipe.rounds = [recipe.rounds[0]]
    try fixture.run(recipe, on: CPUExecutor<Float>())
    let before = try fixture.files()
    for resuming in [false, true] {
      if resuming {
        try FileManager.default.removeItem(at: fixture.output)
        try FileManager.default.createDirectory(at: fixture.output, withIntermediateDirectories: true)
        try Data("mine".utf8).write(to: fixture.output.appending(path: "thesis.txt"))
      }
      do {
        try fixture.run(recipe, on: CPUExecutor<Float>(), resuming: resuming)
        Issue.record("the folder was taken over")
      } catch let error as RoundError {
        #expect(error.exitCode == 65)
      }
      #expect(try fixture.files() == (resuming ? ["thesis.txt"] : before))
    }
  }

  @Test("the same seed gives the same bits, another seed others", arguments: TrainerExecutors.all)
  func repeats(_ choice: ExecutorChoice) throws {
    func weights(seed: UInt64) throws -> Data {
      let fixture = try RunFixture()
      var recipe = try Self.threeRounds(fixture)
      recipe.seed = seed
      recipe.rounds.removeLast()
      try fixture.run(recipe, on: choice.make())
      return try fixture.weights("02-two")
    }
    let first = try weights(seed: 1)
    #expect(try weights(seed: 1) == first)
    #expect(try weights(seed: 2) != first)
  }
}
