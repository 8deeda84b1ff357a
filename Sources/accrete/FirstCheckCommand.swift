import ArgumentParser
import Foundation
import GPUTensor
import Glibc
import Kernels

/// Checks a device whose driver may crash, hang or compute wrongly. `DeviceTrust` runs it in a child, and reads the
/// exit code and the last line.
struct FirstCheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: FirstCheck.command,
    abstract: "Compare a few kernels with the CPU; exits with 0 where they agree.", shouldDisplay: false)

  /// The exit code of a failure that would happen again; other failures may not.
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
        // A parent that has gone reads nothing; the check goes on.
        try? Console.result(next)
        // Without a parent nobody would kill a hanging child: it ends itself.
        alarm(UInt32(DeviceTrust.patience) + 10)
      }
    } catch {
      // A build log has many lines; the first names the fault.
      try Console.result(error.description.split(whereSeparator: \.isNewline).first.map(String.init) ?? error.call)
      throw ExitCode(error.kind == .build ? Self.disagreement : 2)
    }
    guard let failure else { return }
    try Console.result(failure)
    throw ExitCode(Self.disagreement)
  }
}
