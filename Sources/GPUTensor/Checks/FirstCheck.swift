import Kernels

/// The check before a device is trusted: the ops that dominate a training step, in the families that the command would
/// use, against the CPU loops.
///
/// A driver that computes wrongly may also crash or hang, so `accrete` runs the check in a child process.
package struct FirstCheck: Codable, Sendable {
  /// The hidden command of `accrete` that the child runs; the device's index and the check as JSON follow.
  package static let command = "check-device"

  /// Sums come first: other cases depend on them, and the first failing case is reported.
  private static let operations: [any CheckedFirst.Type] = [
    SumAll.self, Matmul.self, DecodeBlock.self, Attention.self, RMSNorm.self, LinearCrossEntropy.self, AdamW.self,
  ]

  package let operands: OperandType
  package let bf16Method: BF16Method
  package let tunedProducts: [MatmulClass: MatmulParameters]

  /// A check of every op in float32.
  ///
  /// - Parameter tuned: products that are computed with other parameters than the defaults.
  package init(tuned: [MatmulClass: MatmulParameters] = [:]) {
    (operands, bf16Method, tunedProducts) = (.float32, .rounding, tuned)
  }

  /// A check of the products in bf16; the other ops compute as in float32.
  package init(bf16 method: BF16Method, tuned: [MatmulClass: MatmulParameters] = [:]) {
    (operands, bf16Method, tunedProducts) = (.bfloat16, method, tuned)
  }

  /// Compares case by case, up to the first failure.
  ///
  /// - Parameter begin: called with the name of each case before it runs.
  /// - Returns: the first case that differs, with the values; nil where all agree.
  /// - Throws: `DeviceError` where the driver fails.
  package func failure(on device: Device, begin: (String) -> Void) throws(DeviceError) -> String? {
    begin("its first kernels")
    var traits = KernelTraits.probed(device)
    (traits.operands, traits.bf16Method, traits.tunedProducts) = (operands, bf16Method, tunedProducts)
    let executor = try OpenCLExecutor(device: device, traits: traits)
    executor.context.keepUntilExit()
    for operation in Self.operations {
      // In bf16 only products are checked: a loss rounds values that it has computed, and two correct ways that differ
      // in the last bit may round in opposite directions.
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
