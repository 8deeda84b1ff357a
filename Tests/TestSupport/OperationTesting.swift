import GPUTensor
import Kernels

/// An op on a device, in one of its families.
package struct DeviceVariant: Sendable, CustomStringConvertible {
  package let operation: OperationTesting
  package let device: Device
  package let variant: CheckVariant

  package var description: String { "\(variant.name) on \(device.name)" }
}

/// What every op's tests ask of the cases that the op itself names. Each answer lists what is wrong: empty is good.
package struct OperationTesting: Sendable, CustomStringConvertible {
  /// Every op of the registry.
  package static let all = OperationRegistry.all.map(OperationTesting.init(operation:))

  /// The largest relative error of a central difference in double, beside `roundingError`.
  ///
  /// With the step h = 1e-5 it is h² / 6 · |f‴| / |f′|: room for third derivatives 60000 times the first. A wrong factor,
  /// sign or index in a backward rule errs by about 1.
  package static let differenceBound = 1e-6

  /// What rounding adds to a central difference of a sum of terms with this sum of magnitudes.
  ///
  /// Each of the two sums is rounded as it grows: random errors of up to 2⁻⁵³ of what was summed so far, which partly
  /// cancel, so that 4 · 2⁻⁵³ of all magnitudes is taken as their size. It is divided by h = 1e-5.
  package static func roundingError(magnitudes: Double) -> Double {
    4 * 0x1p-53 * magnitudes / 1e-5
  }

  private let operation: any Checked.Type

  private init(operation: any Checked.Type) {
    self.operation = operation
  }

  /// - Parameter stem: as in the registry; `GPUTensor` keeps the ops' types to itself.
  package init(_ stem: String) {
    guard let found = Self.all.first(where: { $0.stem == stem }) else {
      preconditionFailure("no op \(stem) in the registry")
    }
    self = found
  }

  package var stem: String { operation.stem }
  package var description: String { stem }

  /// Each family on each OpenCL device of this machine.
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

  /// Cases in which a second run, or one with a buffer of its own for each tensor, gives other bits.
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

  /// Gradients that are not what central differences in double measure.
  ///
  /// - Parameter count: elements of each parameter.
  package func wrongGradients(sizes: CheckSizes = .full, count: Int = 6) throws(DeviceError) -> [String] {
    var checked = 0
    let wrong = try failures(sizes) { operationCase throws(DeviceError) in
      let findings = try GradientCheck.findings(operationCase, count: count)
      checked += findings.count
      // The first output is what is summed, times seeds of at most 1; a loss is a sum of positive terms.
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
