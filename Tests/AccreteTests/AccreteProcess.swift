import Foundation
import TestSupport
import Testing

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

/// Where one of a command's two streams goes.
enum StreamEnd: Sendable, CaseIterable {
  /// A file, from which the outcome has its text.
  case file
  /// A device that never has room: /dev/full.
  case full
  /// Nothing: the descriptor is closed.
  case closed
  /// A pipe that nobody reads any more; the signal that tells of it ends a process that does not look.
  case unread
}

/// The built program, as users run it.
enum AccreteProcess {
  static let executable = TestData.accrete

  /// PoCL's kernel cache has races between processes: the commands, one after the other, have one of their own.
  private static let kernelCache = cache("commands")
  /// What the program keeps of devices and kernels.
  private static let userCache = cache("user")

  private static func cache(_ name: String) -> String {
    let inherited = ProcessInfo.processInfo.environment["POCL_CACHE_DIR"].map { URL(fileURLWithPath: $0) }
    let base = inherited ?? FileManager.default.temporaryDirectory.appending(path: "accrete-tests-pocl")
    let folder = base.appending(path: name)
    try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder.path
  }

  /// Runs a command to its end.
  ///
  /// - Parameters:
  ///   - environment: over this process's own.
  ///   - input: what stdin reads; nothing where nil.
  ///   - output: where stdout goes.
  ///   - errors: where stderr goes.
  ///   - fileLimit: KiB beyond which no file may grow, as on a disk that is full.
  ///   - shell: what a shell does before it becomes the command: another folder, a limit.
  ///   - timeLimit: seconds after which the command is killed, for what must not wait for ever.
  ///   - ignored: a signal that the command is started to ignore, by its shell's name: `HUP`, as under nohup.
  ///   - signal: sent once, to the command and to all processes that it has started, as a terminal does, as soon as `when`
  ///     holds of the files that stdout and stderr go to.
  static func run(
    _ arguments: [String], environment: [String: String] = [:], input: URL? = nil, output: StreamEnd = .file,
    errors: StreamEnd = .file, fileLimit: Int? = nil, shell: String? = nil, timeLimit: Int? = nil,
    ignored: String? = nil, signal: Int32? = nil, when: (_ output: URL, _ errors: URL) -> Bool = { _, _ in true }
  ) throws -> CommandOutcome {
    let scratch = FileManager.default.temporaryDirectory.appending(path: "command-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: scratch) }
    // Files rather than pipes: whatever is written fits.
    let streams = ["output", "errors"].map { scratch.appending(path: $0) }
    for file in streams { try Data().write(to: file) }

    let process = process(arguments, environment: environment, tuning: scratch)
    // A shell does what Foundation's process cannot: it closes a stream, and sets limits and signals.
    let before = [fileLimit.map { "ulimit -f \($0)" }, ignored.map { "trap '' \($0)" }, shell].compactMap { $0 }
    let closing = (output == .closed ? " >&-" : "") + (errors == .closed ? " 2>&-" : "")
    let command = "exec env --default-signal=PIPE,XFSZ \"$0\" \"$@\"\(closing)"
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = ["-c", (before + [command]).joined(separator: "; "), executable.path] + arguments
    process.standardInput = try input.map { try FileHandle(forReadingFrom: $0) } ?? FileHandle.nullDevice
    process.standardOutput = try handle(output, file: streams[0])
    process.standardError = try handle(errors, file: streams[1])
    try process.run()
    if let timeLimit {
      let pid = process.processIdentifier
      DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(timeLimit)) { [weak process] in
        if process?.isRunning == true { kill(pid, SIGKILL) }
      }
    }
    if let signal {
      while process.isRunning, !when(streams[0], streams[1]) { usleep(2000) }
      // Foundation starts each process as the first of a group of its own.
      kill(-process.processIdentifier, signal)
    }
    process.waitUntilExit()
    return CommandOutcome(
      code: process.terminationStatus, output: try String(contentsOf: streams[0], encoding: .utf8),
      errors: try String(contentsOf: streams[1], encoding: .utf8))
  }

  /// A process of the program that is yet to be started.
  private static func process(_ arguments: [String], environment: [String: String], tuning: URL) -> Process {
    let process = Process()
    process.executableURL = executable
    process.arguments = arguments
    var variables = ProcessInfo.processInfo.environment
    variables["ACCRETE_DEVICE"] = nil
    variables["POCL_CACHE_DIR"] = kernelCache
    variables["ACCRETE_CACHE"] = userCache
    // What the user's own device was tuned to is none of the tests' business.
    variables["ACCRETE_TUNING"] = tuning.path
    process.environment = variables.merging(environment) { $1 }
    return process
  }

  private static func handle(_ end: StreamEnd, file: URL) throws -> FileHandle {
    switch end {
    case .file, .closed: return try FileHandle(forWritingTo: file)
    case .full: return try FileHandle(forWritingTo: URL(fileURLWithPath: "/dev/full"))
    case .unread:
      let pipe = Pipe()
      try pipe.fileHandleForReading.close()
      return pipe.fileHandleForWriting
    }
  }

  /// Runs a command on a terminal, to its end.
  ///
  /// - Returns: its exit code, and what it wrote there on both streams; lines end with "\n".
  static func onTerminal(_ arguments: [String], input: URL? = nil) throws -> (code: Int32, screen: String) {
    let terminal = Glibc.open("/dev/ptmx", O_RDWR | O_NOCTTY)
    defer { close(terminal) }
    // Linux's TIOCSPTLCK and TIOCGPTN: the other end is unlocked, and its number asked for.
    var (locked, number): (Int32, Int32) = (0, 0)
    let isReady = ioctl(terminal, 0x4004_5431, &locked) == 0 && ioctl(terminal, 0x8004_5430, &number) == 0
    try #require(terminal >= 0 && isReady, "no pseudo terminal")
    let end = Glibc.open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
    let handle = FileHandle(fileDescriptor: end)
    let process = process(arguments, environment: [:], tuning: URL(fileURLWithPath: "/nonexistent"))
    process.standardInput = try input.map { try FileHandle(forReadingFrom: $0) } ?? FileHandle.nullDevice
    (process.standardOutput, process.standardError) = (handle, handle)
    try process.run()
    close(end)
    var bytes = Data()
    var piece = [UInt8](repeating: 0, count: 1 << 12)
    // The terminal's other end is closed with the process: reading then fails.
    while true {
      let count = read(terminal, &piece, piece.count)
      guard count > 0 else { break }
      bytes.append(contentsOf: piece[..<count])
    }
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: bytes, as: UTF8.self).replacing("\r\n", with: "\n"))
  }
}
