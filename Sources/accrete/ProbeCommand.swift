import ArgumentParser
import GPUTensor
import Kernels

/// Tries one way of multiplying bf16, which may end the process. `BF16Probe` runs it in a child, and reads the exit
/// code.
struct ProbeCommand: ParsableCommand {
  /// The command's name, the first argument of the child; the device's index and the method follow.
  static let name = "probe-bf16"

  static let configuration = CommandConfiguration(
    commandName: name,
    abstract: "Try one of the processor's ways to multiply bf16; exits with 0 where it works.",
    shouldDisplay: false)

  @Argument(help: "A device's index, as `accrete devices` numbers them.")
  var index: Int

  @Argument(help: "One of \(BF16Method.allCases.map(\.rawValue).joined(separator: ", ")).")
  var method: String

  func run() throws {
    let devices = try Device.all()
    guard devices.indices.contains(index), let method = BF16Method(rawValue: method),
      try BF16Probe.run(method, on: devices[index])
    else { throw ExitCode(1) }
  }
}
