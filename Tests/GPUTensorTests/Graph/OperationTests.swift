import GPUTensor
import TestSupport
import Testing

/// The tests that hold for every op of the registry, in each family, on each device. The ops' own suites add values
/// computed by hand.
@Suite("Every op")
struct OperationTests {
  /// Ops without a backward rule: optimisers, the batch's integers, caches, casts, DoRA's norms (constants) and
  /// reported sums.
  private static let withoutGradients: Set = [
    "adamw", "adapted_norm", "batch", "cache", "cast", "lion", "muon", "reduce",
    "decode_block",
  ]

  @Test("devices agree with the CPU loops", .onOpenCL, arguments: OperationTesting.all.flatMap(\.variants))
  func parity(_ variant: DeviceVariant) throws {
    let wrong = try variant.operation.disagreements(variant)
    #expect(wrong == [])
  }

  @Test(
    "the bits repeat, in shared and in isolated memory", .onOpenCL,
    arguments: OperationTesting.all.flatMap(\.variants))
  func repeatability(_ variant: DeviceVariant) throws {
    let wrong = try variant.operation.differences(variant)
    #expect(wrong == [])
  }

  @Test("gradients are what central differences measure", arguments: OperationTesting.all)
  func gradients(_ operation: OperationTesting) throws {
    let wrong = try operation.wrongGradients()
    #expect(wrong == (Self.withoutGradients.contains(operation.stem) ? ["no case has gradients"] : []))
  }
}
