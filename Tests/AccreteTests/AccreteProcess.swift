import Foundation
import TestSupport

/// What a command left: its exit code and both streams.
struct CommandOutcome: Sendable {
  let code: Int32
  let output: String
  let errors: String

  /// The one JSON object on stdout.
  func json() throws -> [String: Any] {
    let lines = output.split(separator: "\n")
    guard lines.count == 1,
      let object = try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any]
    else { throw NotOneObject(output: output, errors: errors) }
    return object
  }

  /// Lines of stderr that are errors; remarks such as the device's name are none.
  var errorLines: [String] {
    errors.split(separator: "\n").map(String.init).filter { $0.lowercased().hasPrefix("error: ") }
  }

  struct NotOneObject: Error, CustomStringConvertible {
    let output: String
    let errors: String

    var description: String { "no single JSON object on stdout: \(output); stderr: \(errors)" }
  }
}

/// The built program, as users run it.
enum AccreteProcess {
  static let executable = TestData.accrete

  /// PoCL's kernel cache has races between processes: the commands, one after the other, have one of their own.
  private static let kernelCache: String = {
    let inherited = ProcessInfo.processInfo.environment["POCL_CACHE_DIR"].map { URL(fileURLWithPath: $0) }
    let base = inherited ?? FileManager.default.temporaryDirectory.appending(path: "accrete-tests-pocl")
    let folder = base.appending(path: "commands")
    try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder.path
  }()

  /// Runs a command to its end.
  ///
  /// - Parameters:
  ///   - environment: over this process's own.
  ///   - input: what stdin reads; nothing where nil.
  ///   - fileLimit: KiB beyond which no file may grow, as on a disk that is full.
  ///   - signal: sent once, as soon as `when` holds of the file that stdout goes to.
  static func run(
    _ arguments: [String], environment: [String: String] = [:], input: URL? = nil, fileLimit: Int? = nil,
    signal: Int32? = nil, when: (_ output: URL) -> Bool = { _ in true }
  ) throws -> CommandOutcome {
    let scratch = FileManager.default.temporaryDirectory.appending(path: "command-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: scratch) }
    // Files rather than pipes: whatever is written fits.
    let streams = ["output", "errors"].map { scratch.appending(path: $0) }
    for file in streams { try Data().write(to: file) }

    let process = Process()
    process.executableURL = executable
    process.arguments = arguments
    if let fileLimit {
      // A write beyond the limit then fails, instead of ending the process by a signal.
      process.executableURL = URL(fileURLWithPath: "/bin/bash")
      process.arguments =
        ["-c", "trap '' XFSZ; ulimit -f \(fileLimit); exec \"$0\" \"$@\"", executable.path] + arguments
    }
    var variables = ProcessInfo.processInfo.environment
    variables["ACCRETE_DEVICE"] = nil
    variables["POCL_CACHE_DIR"] = kernelCache
    // What the user's own device was tuned to is none of the tests' business.
    variables["ACCRETE_TUNING"] = scratch.path
    process.environment = variables.merging(environment) { $1 }
    process.standardInput = try input.map { try FileHandle(forReadingFrom: $0) } ?? FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: streams[0])
    process.standardError = try FileHandle(forWritingTo: streams[1])
    try process.run()
    if let signal {
      while process.isRunning, !when(streams[0]) { usleep(2000) }
      kill(process.processIdentifier, signal)
    }
    process.waitUntilExit()
    return CommandOutcome(
      code: process.terminationStatus, output: try String(contentsOf: streams[0], encoding: .utf8),
      errors: try String(contentsOf: streams[1], encoding: .utf8))
  }
}
