import Foundation
import GPUTensor
import Kernels

/// Decides whether a device may compute for a command: by a kept check, else by a check in a child process, whose
/// result is kept.
enum DeviceTrust {
  /// A device that failed its check, and the reason.
  struct Refusal: Error, CustomStringConvertible {
    let device: Device
    let reason: String

    var description: String { "\(device.name) (\(device.platform), driver \(device.driverVersion)): \(reason)" }

    /// The error to throw where the device was asked for by name.
    var error: DeviceError {
      DeviceError(
        kind: .noSuchDevice, call: "check device \(device.index) before its first use", detail: description,
        remedy: "run `accrete doctor --device \(device.index)` for every kernel and another try, "
          + "install another driver, or choose --device cpu")
    }
  }

  /// Checks a device, or reads the kept result of an earlier check; nil where it passed.
  ///
  /// - Throws: `DeviceError` where there are no kernels to check.
  static func refusal(_ check: FirstCheck, of device: Device) throws(DeviceError) -> Refusal? {
    let subject = try subject(check, device)
    if let record = FirstCheckRecord.load(subject) { return record.failure.map { Refusal(device: device, reason: $0) } }
    Console.note(
      "check: \(device.name) (\(device.platform), driver \(device.driverVersion)) is new here: "
        + "its kernels are compared with the CPU, once")
    let (failure, isLasting) = run(check, on: device)
    if isLasting, !FirstCheckRecord(subject, failure: failure).store() {
      let place = FirstCheckRecord.folder.map { "\($0.path) cannot be written" } ?? "there is no cache folder"
      Console.note("check: it is not kept, and comes again at each start: \(place); set ACCRETE_CACHE to a folder")
    }
    return failure.map { Refusal(device: device, reason: $0) }
  }

  /// The failure of a device in a kept check; nil where it passed or was never checked.
  static func knownRefusal(of device: Device) -> Refusal? {
    let tuned = (try? TuningFile.load(for: device).get()).flatMap { $0 }?.products[.float32] ?? [:]
    let subject = try? subject(FirstCheck(tuned: tuned.mapValues(\.parameters)), device)
    return subject.flatMap(FirstCheckRecord.load)?.failure.map { Refusal(device: device, reason: $0) }
  }

  private static func subject(_ check: FirstCheck, _ device: Device) throws(DeviceError) -> FirstCheckRecord.Subject {
    try FirstCheckRecord.Subject(device, program: Accrete.configuration.version, check: text(check))
  }

  private static func text(_ check: FirstCheck) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return (try? encoder.encode(check)).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }

  // MARK: - The child

  /// Seconds that one case may take, compilation of its kernels included; `ACCRETE_CHECK_SECONDS`, else 120.
  static var patience: Double {
    let named = ProcessInfo.processInfo.environment["ACCRETE_CHECK_SECONDS"].flatMap(Double.init)
    return named.flatMap { (1...86400).contains($0) ? $0 : nil } ?? 120
  }

  /// Signals that mean a fault of the process itself; others come from outside.
  private static let faults = [SIGSEGV, SIGABRT, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS]

  /// Runs the check in a child. `failure` is nil where it passed; `isLasting` is true where another try would end the
  /// same way.
  private static func run(_ check: FirstCheck, on device: Device) -> (failure: String?, isLasting: Bool) {
    // The running program, under whatever name it was installed.
    let executable = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    let arguments = [FirstCheck.command, String(device.index), text(check)]
    switch ChildProcess.run(arguments, executable: executable, seconds: patience) {
    case .exited(0, _):
      return (nil, true)
    case .exited(let code, let printed):
      return (last(printed), code == FirstCheckCommand.disagreement)
    case .crashed(let signal, let printed):
      return ("it crashed (signal \(signal)) in \(last(printed))", faults.contains(signal))
    case .timedOut(let printed):
      return ("it gave no result within \(Int(patience)) s in \(last(printed))", true)
    case .failed(let reason):
      return ("no check could be started: \(reason)", false)
    }
  }

  /// The last line that a child printed: the case it was in, or its result.
  private static func last(_ printed: Data) -> String {
    String(decoding: printed, as: UTF8.self).split(whereSeparator: \.isNewline).last.map(String.init) ?? "its start"
  }
}
