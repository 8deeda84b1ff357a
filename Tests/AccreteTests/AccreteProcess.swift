import Foundation
import TestSupport
import Testing

/// The result of a command: its exit code and both streams.
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

  /// The lines of stderr that are errors; remarks, such as the device's name, are not.
  var errorLines: [String] {
    errors.split(separator: "\n").map(String.init).filter { $0.lowercased().hasPrefix("error: ") }
  }

  struct NotOneObject: Error, CustomStringConvertible {
    let output: String
    let errors: String

    var description: String { "no single JSON object on stdout: \(output); stderr: \(errors)" }
  }
}

/// The destination of one of a command's output streams.
enum StreamEnd: Sendable, CaseIterable {
  /// A file; `CommandOutcome` has its text.
  case file
  /// A device without room: /dev/full.
  case full
  /// A closed descriptor.
  case closed
  /// A pipe whose reader has gone; SIGPIPE ends a process that does not ignore it.
  case unread
}

/// Runs the built program as users run it.
enum AccreteProcess {
  static let executable = TestData.accrete

  /// A kernel cache of the commands alone, which run one after the other: PoCL's cache has races between processes.
  private static let kernelCache = cache("commands")
  /// The program's own cache of checks and kernels.
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
  ///   - environment: added to this process's own, and wins.
  ///   - input: the file on stdin; empty where nil.
  ///   - output: the destination of stdout.
  ///   - errors: the destination of stderr.
  ///   - fileLimit: KiB beyond which no file may grow, as on a full disk.
  ///   - shell: shell commands before the program starts: another folder, a limit.
  ///   - timeLimit: seconds after which the command is killed, for tests of endless input.
  ///   - ignored: a signal that the command starts with ignored, by its shell name: `HUP`, as under nohup.
  ///   - signal: sent once, to the command and its children, as a terminal does, as soon as `when` holds of the files
  ///     that receive stdout and stderr.
  static func run(
    _ arguments: [String], environment: [String: String] = [:], input: URL? = nil, output: StreamEnd = .file,
    errors: StreamEnd = .file, fileLimit: Int? = nil, shell: String? = nil, timeLimit: Int? = nil,
    ignored: String? = nil, signal: Int32? = nil, when: (_ output: URL, _ errors: URL) -> Bool = { _, _ in true }
  ) throws -> CommandOutcome {
    let scratch = FileManager.default.temporaryDirectory.appending(path: "command-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: scratch) }
    // Files instead of pipes: any amount of output fits.
    let streams = ["output", "errors"].map { scratch.appending(path: $0) }
    for file in streams { try Data().write(to: file) }

    let process = process(arguments, environment: environment, tuning: scratch)
    // A shell does what Foundation's process cannot: it closes streams and sets limits and signals.
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
      // Foundation starts each process as the leader of its own process group.
      kill(-process.processIdentifier, signal)
    }
    process.waitUntilExit()
    return CommandOutcome(
      code: process.terminationStatus, output: try String(contentsOf: streams[0], encoding: .utf8),
      errors: try String(contentsOf: streams[1], encoding: .utf8))
  }

  /// A process of the program, not yet started.
  private static func process(_ arguments: [String], environment: [String: String], tuning: URL) -> Process {
    let process = Process()
    process.executableURL = executable
    process.arguments = arguments
    var variables = ProcessInfo.processInfo.environment
    variables["ACCRETE_DEVICE"] = nil
    variables["POCL_CACHE_DIR"] = kernelCache
    variables["ACCRETE_CACHE"] = userCache
    // The user's own tuning of the device must not change the tests.
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

  /// Runs a command on a pseudo terminal, to its end.
  ///
  /// - Returns: the exit code, and the text of both streams; lines end with "\n".
  static func onTerminal(_ arguments: [String], input: URL? = nil) throws -> (code: Int32, screen: String) {
    let terminal = Glibc.open("/dev/ptmx", O_RDWR | O_NOCTTY)
    defer { close(terminal) }
    // Linux's TIOCSPTLCK and TIOCGPTN: unlock the other end, and get its number.
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
    // Reading fails once the process has closed the other end.
    while true {
      let count = read(terminal, &piece, piece.count)
      guard count > 0 else { break }
      bytes.append(contentsOf: piece[..<count])
    }
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: bytes, as: UTF8.self).replacing("\r\n", with: "\n"))
  }
}
