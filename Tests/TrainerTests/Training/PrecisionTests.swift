import Foundation
import GPUTensor
import TestSupport
import Testing
import Trainer

@Suite("bf16 training")
struct PrecisionTests {
  /// The losses of the first golden run.
  private static func losses(_ precision: Precision, on choice: ExecutorChoice) throws -> [Double] {
    let golden = try TrainingGolden.load()
    let fixture = try RunFixture()
    var recipe = fixture.recipe(
      base: .model(TrainingGolden.model), settings: golden.trainingSettings(golden.runs[0]),
      rounds: [("rows", TrainingGolden.rows)])
    recipe.precision = precision
    try fixture.run(recipe, on: choice.make(operands: precision.operands))
    return try fixture.metrics().map { $0.loss ?? .nan }
  }

  @Test("losses follow fp32's within 2 %, and are not the same", arguments: TrainerExecutors.allKernels)
  func follows(_ choice: ExecutorChoice) throws {
    let (fp32, bf16) = (try Self.losses(.fp32, on: choice), try Self.losses(.bf16, on: choice))
    #expect(fp32.count == bf16.count && fp32 != bf16)
    for (step, pair) in zip(fp32, bf16).enumerated() {
      #expect(abs(pair.1 - pair.0) < 0.02 * pair.0, "step \(step + 1): \(pair)")
    }
  }

  @Test("two runs give the same bits", .onOpenCL)
  func repeats() throws {
    let choice = try #require(TrainerExecutors.all.last)
    #expect(try Self.losses(.bf16, on: choice) == Self.losses(.bf16, on: choice))
  }

  @Test("an OpenCL device rounds as the fallback does", .onOpenCL)
  func agrees() throws {
    let losses = try TrainerExecutors.all.map { try Self.losses(.bf16, on: $0) }
    // Where a number lies between two bf16, the last bit of what it was computed from decides: 2⁻⁹ of it, now and then.
    #expect(largestDifference(losses[0], losses[1]) < 5e-3)
  }
}
