import GPUTensor
import Kernels

/// An op on a device, in one of its families.
package struct DeviceVariant: Sendable, CustomStringConvertible {
  package let operation: OperationTesting
  package let device: Device
  package let variant: CheckVariant

  package var description: String { "\(variant.name) on \(device.name)" }
}

/// The checks that every op's tests make, on the cases that the op itself lists. Each returns a list of faults: empty
/// is good.
package struct OperationTesting: Sendable, CustomStringConvertible {
  /// Every op of the registry.
  package static let all = OperationRegistry.all.map(OperationTesting.init(operation:))

  /// The bound on the relative error of a central difference in double, beside `roundingError`.
  ///
  /// With h = 1e-5 that error is h² / 6 · |f‴| / |f′|: the bound allows third derivatives 60000 times the first. A
  /// wrong factor, sign or index in a backward rule gives an error of about 1.
  package static let differenceBound = 1e-6

  /// The rounding error of a central difference of a sum, from the sum of its terms' magnitudes.
  ///
  /// Each of the two sums is rounded as it grows: random errors up to 2⁻⁵³ of the partial sum, which partly cancel; 4 ·
  /// 2⁻⁵³ of all magnitudes is taken as their size, divided by h = 1e-5.
  package static func roundingError(magnitudes: Double) -> Double {
    4 * 0x1p-53 * magnitudes / 1e-5
  }

  private let operation: any Checked.Type

  private init(operation: any Checked.Type) {
    self.operation = operation
  }

  /// - Parameter stem: a stem of the registry; the ops' types are internal to `GPUTensor`.
  package init(_ stem: String) {
    guard let found = Self.all.first(where: { $0.stem == stem }) else {
      preconditionFailure("no op \(stem) in the registry")
    }
    self = found
  }

  package var stem: String { operation.stem }
  package var description: String { stem }

  /// Each family of the op on each OpenCL device of this machine.
  package var variants: [DeviceVariant] {
    OpenCLDevices.all.flatMap { device in
      CheckVariant.all(of: operation, device: device, bf16Methods: OpenCLDevices.bf16Methods(device)).map {
        DeviceVariant(operation: self, device: device, variant: $0)
      }
    }
  }

  /// Cases in which a device errs more than twice as much as plain fp32 loops, both against loops in double.
  package func disagreements(_ variant: DeviceVariant, sizes: CheckSizes = .full) throws(DeviceError) -> [String] {
    let executor = try OpenCLExecutor(device: variant.device, traits: variant.variant.traits)
    return try failures(sizes) { operationCase throws(DeviceError) in
      let outcome = try CaseRunner.check(operationCase, on: executor)
      return outcome.passed ? nil : "error \(outcome.maxError), at most \(outcome.bound): \(outcome.detail)"
    }
  }

  /// Cases in which a second execution, or one with a buffer for each tensor, gives other bits.
  package func differences(_ variant: DeviceVariant, sizes: CheckSizes = .full) throws(DeviceError) -> [String] {
    let shared = try OpenCLExecutor(device: variant.device, traits: variant.variant.traits, isolated: false)
    let isolated = try OpenCLExecutor(device: variant.device, traits: variant.variant.traits, isolated: true)
    return try failures(sizes) { operationCase throws(DeviceError) in
      if try !CaseRunner.isRepeatable(operationCase, on: shared) { return "two runs differ" }
      let (one, other) = (
        try CaseRunner.outputs(operationCase, on: shared), try CaseRunner.outputs(operationCase, on: isolated)
      )
      return one.map { $0.map(\.bitPattern) } == other.map { $0.map(\.bitPattern) } ? nil : "isolated tensors differ"
    }
  }

  /// Gradients that differ from central differences in double.
  ///
  /// - Parameter count: elements of each parameter to compare.
  package func wrongGradients(sizes: CheckSizes = .full, count: Int = 6) throws(DeviceError) -> [String] {
    var checked = 0
    let wrong = try failures(sizes) { operationCase throws(DeviceError) in
      let findings = try GradientCheck.findings(operationCase, count: count)
      checked += findings.count
      // The first output is summed times seeds of at most 1; a loss is itself a sum of positive terms.
      let terms = try CaseRunner.outputs(operationCase, on: CPUExecutor<Double>()).first ?? []
      let rounding = Self.roundingError(magnitudes: terms.reduce(0) { $0 + abs($1) })
      let wrong = findings.first { finding in
        let scale = max(abs(finding.recorded), abs(finding.measured), 1e-3)
        return !(abs(finding.recorded - finding.measured) <= Self.differenceBound * scale + rounding)
      }
      return wrong.map { "\($0.parameter)[\($0.element)]: \($0.recorded), measured \($0.measured)" }
    }
    return checked == 0 ? ["no case has gradients"] : wrong
  }

  private func failures(
    _ sizes: CheckSizes, _ failure: (OperationCase) throws(DeviceError) -> String?
  ) throws(DeviceError) -> [String] {
    var failures: [String] = []
    for operationCase in operation.cases(sizes) {
      if let text = try failure(operationCase) { failures.append("\(operationCase.name): \(text)") }
    }
    return failures
  }
}
