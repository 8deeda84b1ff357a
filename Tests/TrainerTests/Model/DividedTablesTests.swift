import Foundation
import GPUTensor
import TestSupport
import Testing
import Trainer

@Suite("Tables that one allocation cannot hold", .onOpenCL)
struct DividedTablesTests {
  /// The OpenCL device, limited so that no allocation holds more than 256 of a table's 300 rows.
  private static func executor(divides: Bool) throws -> any Executor {
    let columns = try #require(LlamaConfiguration.preset("tiny")).hiddenSize
    return try #require(TrainerExecutors.all.last).make(largestBuffer: divides ? 256 * columns * 4 : nil)
  }

  private static func recipe(_ fixture: RunFixture, inBackward: Bool = false) throws -> Recipe {
    let rounds = try ["one", "two"].map { (name: $0, train: try fixture.write($0 + ".jsonl", word: $0, rows: 20)) }
    let valid = try ["one", "two"].map { try fixture.write($0 + "-valid.jsonl", word: $0, rows: 5, from: 20) }
    var settings = RunFixture.settings(steps: 6, saveSteps: 2)
    if inBackward { settings.maxGradNorm = 0 }
    var recipe = fixture.recipe(settings: settings, rounds: rounds, valid: valid)
    recipe.memory.optimizerInBackward = inBackward
    return recipe
  }

  private static func run(_ recipe: Recipe, _ fixture: RunFixture, divides: Bool) throws -> (
    losses: [Double], record: RoundFile
  ) {
    try fixture.run(recipe, on: executor(divides: divides))
    return (try fixture.metrics().map { $0.loss ?? .nan }, try fixture.record("01-one"))
  }

  @Test("each part is an allocation of its own; the model's files have the whole table")
  func parts() throws {
    let configuration = try #require(LlamaConfiguration.preset("tiny", vocabSize: 1000))
    let weights = LlamaWeights(configuration, limits: AllocationLimits(of: try Self.executor(divides: true)))
    let rows = weights.parameters.parts("model.embed_tokens.weight").map { $0.shape.dimensions[0] }
    #expect(rows == [256, 256, 256, 232])
  }

  @Test("what comes in pieces, as large files are read, gets to the parts it belongs to")
  func pieces() throws {
    let configuration = try #require(LlamaConfiguration.preset("tiny", vocabSize: 1000))
    let executor = try Self.executor(divides: true)
    let weights = LlamaWeights(configuration, limits: AllocationLimits(of: executor))
    try executor.allocate(weights.slabs)
    let name = "model.embed_tokens.weight"
    let values = (0..<1000 * configuration.hiddenSize).map(Float.init)
    // Pieces inside a part, across two parts and across three, with parts before and after them.
    for size in [4_000, 20_000, 40_000] {
      for slab in weights.slabs { try executor.zero(slab) }
      for offset in stride(from: 0, to: values.count, by: size) {
        try values[offset..<min(offset + size, values.count)].withUnsafeBufferPointer {
          try weights.parameters.write($0, to: name, at: offset, on: executor)
        }
      }
      var found: [Float] = []
      try weights.parameters.read(name, from: executor) { found += $0 }
      #expect(found == values, "pieces of \(size)")
    }
  }

  @Test(
    "training takes the same course as with whole tables, and the plan holds",
    arguments: [false, true])
  func course(_ inBackward: Bool) throws {
    let runs = try [false, true].map { divides in
      let fixture = try RunFixture()
      let (losses, record) = try Self.run(
        try Self.recipe(fixture, inBackward: inBackward), fixture, divides: divides)
      #expect(abs(Double(record.plannedBytes) / Double(record.peakBytes) - 1) < 0.02)
      let model = try openModel(at: fixture.rounds.appending(path: "02-two"))
      return (losses: losses, table: try model.tensor("model.embed_tokens.weight"))
    }
    #expect(runs[0].losses.count == 12 && largestDifference(runs[0].losses, runs[1].losses) < 1e-4)
    #expect(largestDifference(runs[0].table.map(Double.init), runs[1].table.map(Double.init)) < 1e-3)
  }

  @Test(
    "a run that crashed goes on to the same bits, and on a device that holds whole tables", arguments: [true, false])
  func resumes(_ divides: Bool) throws {
    let fixture = try RunFixture()
    let recipe = try Self.recipe(fixture)
    let copy = fixture.folder.appending(path: "crashed")
    try fixture.run(recipe, on: Self.executor(divides: true)) { line in
      guard line.round == 2, line.step == 5 else { return }
      try? FileManager.default.copyItem(at: fixture.output, to: copy)
    }
    let whole = try (fixture.weights("02-two"), fixture.metrics().map { $0.loss ?? .nan })
    try FileManager.default.removeItem(at: fixture.output)
    try FileManager.default.moveItem(at: copy, to: fixture.output)
    try fixture.run(recipe, on: Self.executor(divides: divides), resuming: true)
    let again = try (fixture.weights("02-two"), fixture.metrics().map { $0.loss ?? .nan })
    if divides { #expect(again == whole) }
    #expect(again.1.count == 12 && largestDifference(again.1, whole.1) < 1e-4)
  }

  @Test("a base, and tables trained beside adapters, answer as whole ones do")
  func answers() throws {
    let fixture = try RunFixture()
    try fixture.run(try Self.recipe(fixture), on: Self.executor(divides: true))
    let base = fixture.rounds.appending(path: "02-two")
    let found = try [false, true].map { divides in
      let model = try LoadedModel(openModel(at: base), executor: Self.executor(divides: divides))
      let prompt: [Int32] = [70, 71, 72, 73]
      return (
        tokens: try model.greedy(prompt, count: 12),
        losses: try model.tokenLogProbabilities([prompt], rowCapacity: 8)[0]
      )
    }
    #expect(found[0].tokens == found[1].tokens && largestDifference(found[0].losses, found[1].losses) < 1e-5)

    let losses = try [false, true].map { divides in
      let fixture = try RunFixture()
      var recipe = try Self.recipe(fixture)
      recipe.base = .model(base)
      var settings = LoRASettings()
      settings.modulesToSave = ["embed_tokens", "lm_head"]
      recipe.method = .lora(settings, initial: nil)
      return try Self.run(recipe, fixture, divides: divides).losses
    }
    #expect(losses[0].count == 12 && largestDifference(losses[0], losses[1]) < 1e-4)
  }
}
