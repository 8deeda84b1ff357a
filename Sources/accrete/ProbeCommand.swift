import ArgumentParser
import Kernels

/// Tries an instruction that may end the process: `BF16Probe` runs it in a child, and reads the exit code.
struct ProbeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: BF16Probe.command, abstract: "Try the processor's bf16 instruction; exits with 0 where it works.",
    shouldDisplay: false)

  @Argument(help: "A device's index, as `accrete devices` numbers them.")
  var index: Int

  func run() throws {
    let devices = try Device.all()
    guard devices.indices.contains(index), try BF16Probe.run(on: devices[index]) else { throw ExitCode(1) }
  }
}
