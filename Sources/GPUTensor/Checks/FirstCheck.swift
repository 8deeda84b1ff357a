import Kernels

/// The check before a device is trusted: cases of the ops that a step spends its time in, in the families that a command
/// would take there, against the CPU loops.
///
/// A driver that errs may crash or hang as well, so `accrete` runs it in a child process.
package struct FirstCheck: Codable, Sendable {
  /// The hidden command of `accrete` that the child runs, followed by the device's index and the check as JSON.
  package static let command = "check-device"

  /// Sums first: the cases of others use them, and the first that differs is named.
  private static let operations: [any CheckedFirst.Type] = [
    SumAll.self, Matmul.self, DecodeBlock.self, Attention.self, RMSNorm.self, LinearCrossEntropy.self, AdamW.self,
  ]

  package let operands: OperandType
  package let bf16Method: BF16Method
  package let tunedProducts: [MatmulClass: MatmulParameters]

  /// Every op in float32.
  ///
  /// - Parameter tuned: how products are computed where not by the defaults.
  package init(tuned: [MatmulClass: MatmulParameters] = [:]) {
    (operands, bf16Method, tunedProducts) = (.float32, .rounding, tuned)
  }

  /// Products in bf16; the other ops are those of float32.
  package init(bf16 method: BF16Method, tuned: [MatmulClass: MatmulParameters] = [:]) {
    (operands, bf16Method, tunedProducts) = (.bfloat16, method, tuned)
  }

  /// Compares, case by case.
  ///
  /// - Parameter begin: is told what comes next.
  /// - Returns: the first case that differs, and by how much; nil: none does.
  package func failure(on device: Device, begin: (String) -> Void) throws(DeviceError) -> String? {
    begin("its first kernels")
    var traits = KernelTraits.probed(device)
    (traits.operands, traits.bf16Method, traits.tunedProducts) = (operands, bf16Method, tunedProducts)
    let executor = try OpenCLExecutor(device: device, traits: traits)
    executor.context.keepUntilExit()
    for operation in Self.operations {
      // A loss rounds what it has computed: where two ways differ in the last bit, one may round up and one down.
      guard operands == .float32 || operation.stem == Matmul.stem else { continue }
      for operationCase in operation.firstCases {
        let name = "\(operation.stem) \(operationCase.name)"
        begin(name)
        let outcome = try CaseRunner.check(operationCase, on: executor)
        guard outcome.passed else { return "\(name): \(outcome.detail)" }
      }
    }
    return nil
  }
}
