import ArgumentParser
import Foundation
import GPUTensor
import Glibc
import Kernels

/// Checks a device whose driver may crash, hang or err: `DeviceTrust` runs it in a child, and reads its exit code and the
/// last line that it printed.
struct FirstCheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: FirstCheck.command,
    abstract: "Compare a few kernels with the CPU; exits with 0 where they agree.", shouldDisplay: false)

  /// The exit code where the device fails, and would fail again; any other may be otherwise next time.
  static let disagreement: Int32 = 1

  @Argument(help: "A device's index, as `accrete devices` numbers them.")
  var index: Int

  @Argument(help: "The check, as JSON.")
  var check: String

  func run() throws {
    let check = try JSONDecoder().decode(FirstCheck.self, from: Data(check.utf8))
    let devices = try Device.all()
    guard devices.indices.contains(index) else { throw ExitCode(2) }
    var failure: String?
    do throws(DeviceError) {
      failure = try check.failure(on: devices[index]) { next in
        // Where the parent has gone, nobody is left to be told.
        try? Console.result(next)
        // Where nobody waits for it any more, nobody ends it either.
        alarm(UInt32(DeviceTrust.patience) + 10)
      }
    } catch {
      // A build's log has many lines: the first says what is wrong.
      try Console.result(error.description.split(whereSeparator: \.isNewline).first.map(String.init) ?? error.call)
      throw ExitCode(error.kind == .build ? Self.disagreement : 2)
    }
    guard let failure else { return }
    try Console.result(failure)
    throw ExitCode(Self.disagreement)
  }
}
