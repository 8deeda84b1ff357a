import ArgumentParser
import GPUTensor
import Kernels

/// Checks each kernel, in each family, against the CPU loops on the user's machine, without Swift and the tests.
struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Check every kernel and family on your device against the CPU.")

  @Argument(
    help: ArgumentHelp(
      "What to check: \(OperationRegistry.names.joined(separator: ", ")); all where none is named.",
      valueName: "kernel"))
  var kernels: [String] = []

  @Flag(help: "Only the small sizes: seconds, or what a race detector can follow.")
  var small = false

  @Flag(help: "Print one JSON object.")
  var json = false

  @OptionGroup var device: DeviceOption

  private struct Report: Encodable {
    struct Entry: Encodable {
      let name: String
      let cases: Int
      let maxError: Double
      let passed: Bool
      let detail: String?
    }

    let device: String
    let kernels: [Entry]
  }

  func validate() throws { try DeviceOption.checkNames(kernels, among: OperationRegistry.names) }

  func run() throws {
    guard let chosen = try DeviceSelection.resolve(device.device).device() else {
      throw DeviceError(
        kind: .noSuchDevice, call: "doctor", detail: "there is no OpenCL device to check",
        remedy: "install an OpenCL driver (on Debian: pocl-opencl-icd)")
    }
    Console.note("device: \(chosen.name) (\(chosen.platform), driver \(chosen.driverVersion))")
    FirstCheckRecord.forgetFailures(of: chosen)
    let bf16Methods = DeviceOption.bf16Methods(chosen)
    let tuned = DeviceOption.tunedProducts(chosen)
    var entries: [Report.Entry] = []
    for operation in OperationRegistry.all where kernels.isEmpty || kernels.contains(operation.stem) {
      for variant in CheckVariant.all(of: operation, device: chosen, bf16Methods: bf16Methods, tuned: tuned) {
        let entry = check(operation, variant, on: chosen)
        let mark = entry.passed ? "ok  " : "FAIL"
        let detail = entry.detail.map { ": \($0)" } ?? ""
        Console.note("\(mark) \(entry.name), \(entry.cases) cases, largest error \(entry.maxError)\(detail)")
        entries.append(entry)
      }
    }
    if json {
      try Console.result(json: Report(device: chosen.name, kernels: entries))
    } else {
      let passed = entries.count(where: \.passed)
      try Console.result("\(passed) of \(entries.count) kernels and families agree with the CPU")
    }
    if !entries.allSatisfy(\.passed) { throw ExitCode(70) }
  }

  /// Checks all cases of one op in one family; a driver's error is a failure of this entry alone.
  private func check(_ operation: any Checked.Type, _ variant: CheckVariant, on device: Device) -> Report.Entry {
    let cases = operation.cases(small ? .small : .full)
    var maxError = 0.0
    do throws(DeviceError) {
      let executor = try OpenCLExecutor(device: device, traits: variant.traits)
      for operationCase in cases {
        let outcome = try CaseRunner.check(operationCase, on: executor)
        maxError = max(maxError, outcome.maxError)
        guard outcome.passed else {
          return Report.Entry(
            name: variant.name, cases: cases.count, maxError: maxError, passed: false,
            detail: "\(operationCase.name): \(outcome.detail)")
        }
      }
    } catch {
      return Report.Entry(
        name: variant.name, cases: cases.count, maxError: maxError, passed: false, detail: error.description)
    }
    return Report.Entry(name: variant.name, cases: cases.count, maxError: maxError, passed: true, detail: nil)
  }
}
