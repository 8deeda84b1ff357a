import Foundation
import GPUTensor
import TestSupport
import Testing
import Trainer

/// Models that compute nothing are never published: weights or losses that are not finite.
@Suite("Models that are broken")
struct BrokenModelTests {
  /// A model in which the embedding of token 9 is a number so large that it overflows as soon as weights grow, and rows
  /// that train without that token.
  private static func recipe(
    _ fixture: RunFixture, embedding: Float, steps: Int, valid: [Int]?
  ) throws -> Recipe {
    let model = fixture.folder.appending(path: "model")
    try FileManager.default.copyItem(at: TestData.golden("llama/head-size-apart"), to: model)
    try SafetensorsEdit.fill(
      "model.embed_tokens.weight", row: 9, with: embedding, in: model.appending(path: "model.safetensors"))
    func rows(_ name: String, _ rows: [[Int]]) throws -> URL {
      let file = fixture.folder.appending(path: name)
      let lines = rows.map { "{\"input_ids\": \($0), \"labels\": \([-100, -100] + $0[2...])}" }
      try Data(lines.joined(separator: "\n").utf8).write(to: file)
      return file
    }
    var settings = RunFixture.settings(steps: steps, saveSteps: 50)
    settings.packing = false
    // Each step multiplies the weights by 1 − 0.1·100 = −9.
    settings.learningRate = 0.1
    settings.weightDecay = 100
    settings.warmupSteps = 0
    settings.lrSchedulerType = .constant
    let train = try rows("rows.jsonl", (0..<8).map { [5, 6, 7, 8 + $0 % 2 * 3] })
    return fixture.recipe(
      base: .model(model), settings: settings, rounds: [("rows", train)],
      valid: [try valid.map { try rows("valid.jsonl", [[5, 6, 8, 11], $0]) }], allowLeaks: ["rows"])
  }

  private static func failure(_ fixture: RunFixture, _ recipe: Recipe) throws -> RoundError? {
    do {
      try fixture.run(recipe, on: CPUExecutor<Float>())
      return nil
    } catch let error as RoundError {
      return error
    }
  }

  @Test("a round without one finite step ends with code 4, however few its steps are, and names their rows")
  func noFiniteStep() throws {
    let fixture = try RunFixture()
    var recipe = try Self.recipe(fixture, embedding: 0, steps: 2, valid: nil)
    recipe.rounds[0].settings.learningRate = 0
    try SafetensorsEdit.fill(
      "model.norm.weight", with: 3e38, in: fixture.folder.appending(path: "model/model.safetensors"))
    let error = try #require(try Self.failure(fixture, recipe))
    #expect(error.exitCode == 4 && "\(error)".contains("in 2 steps in a row"), "\(error)")
    #expect("\(error)".contains("rows.jsonl:"), "\(error)")
    #expect(try !fixture.files("rounds").contains("01-rows"))
  }

  @Test("a model whose loss was finite before the round and is not after it is not kept; the round is taken anew")
  func lossOverflows() throws {
    let fixture = try RunFixture()
    var recipe = try Self.recipe(fixture, embedding: 3e37, steps: 2, valid: [5, 9, 6, 7])
    let error = try #require(try Self.failure(fixture, recipe))
    #expect(error.exitCode == 4 && "\(error)".contains("held-out rows of rows is not finite"), "\(error)")
    #expect("\(error)".contains("valid.jsonl:2"), "\(error)")
    #expect(try !fixture.files("rounds").contains("01-rows"))
    #expect(try fixture.files("checkpoint") == ["state.json"])
    recipe.rounds[0].settings.weightDecay = 0
    recipe.rounds[0].settings.learningRate = 1e-3
    try fixture.run(recipe, on: CPUExecutor<Float>(), resuming: true, accepting: ["rounds.0"])
    #expect(try fixture.files("rounds/01-rows").contains("model.safetensors"))
  }

  @Test("weights that are not finite are not kept, though no row that was measured needs them")
  func weightsOverflow() throws {
    let fixture = try RunFixture()
    let recipe = try Self.recipe(fixture, embedding: 3e37, steps: 2, valid: nil)
    let error = try #require(try Self.failure(fixture, recipe))
    #expect(error.exitCode == 4 && "\(error)".contains("model.embed_tokens.weight"), "\(error)")
    #expect(try !fixture.files("rounds").contains("01-rows"))
  }

  @Test("a base that has no finite loss is refused before the first step")
  func base() throws {
    let fixture = try RunFixture()
    let recipe = try Self.recipe(fixture, embedding: 0, steps: 2, valid: [5, 7, 6, 8])
    try SafetensorsEdit.fill(
      "model.norm.weight", with: 3e38, in: fixture.folder.appending(path: "model/model.safetensors"))
    let error = try #require(try Self.failure(fixture, recipe))
    #expect(error.exitCode == 4, "\(error)")
    #expect("\(error)".contains("round base") && "\(error)".contains("valid.jsonl:1"), "\(error)")
    #expect(!FileManager.default.fileExists(atPath: fixture.output.appending(path: "metrics.jsonl").path))
  }
}
