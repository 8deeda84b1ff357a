import ArgumentParser
import Foundation

/// Reads damaged files with every reader, in children that may crash.
@main
struct FuzzCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fuzz", abstract: "Damage valid files and read them with every reader of Accrete.")

  @Argument(help: "Readers; all where none is named.")
  var readers: [String] = []

  @Option(help: "Inputs for each reader.")
  var inputs = 2000

  @Option(help: "Other inputs.")
  var seed: UInt64 = 1

  @Option(help: "The number of one input, to try it alone.")
  var only: Int?

  @Option(help: "A folder for the inputs that something was found with.")
  var keep: String?

  @Option(help: .hidden)
  var child: String?

  @Option(help: .hidden)
  var from = 0

  func validate() throws {
    let known = FuzzTarget.names
    for name in readers where !known.contains(name) {
      throw ValidationError("\(name) is no reader; known are \(known.joined(separator: ", "))")
    }
    guard inputs >= 1 else { throw ValidationError("--inputs must be at least 1") }
  }

  func run() throws {
    defer { try? FileManager.default.removeItem(at: FuzzTarget.scratch) }
    if let child { return try runChild(FuzzTarget.named(child)) }
    var total = 0
    for name in readers.isEmpty ? FuzzTarget.names : readers {
      let start = Date()
      let findings = try attack(name)
      for finding in findings { print("\(name), input \(finding.index): \(finding.what)") }
      let seconds = Date().timeIntervalSince(start).formatted(.number.precision(.fractionLength(1)))
      print("\(name): \(only == nil ? inputs : 1) inputs, \(findings.count) findings, \(seconds) s")
      total += findings.count
    }
    if total > 0 { throw ExitCode.failure }
  }

  private struct Finding {
    let index: Int
    let what: String
  }

  /// Findings of one reader after which the search ends: most of them are the same fault.
  private static let mostFindings = 20
  /// Seconds without progress after which a child counts as hanging, however slow the machine is.
  private static let patienceSeconds = 60.0

  // MARK: - The child

  private func runChild(_ target: FuzzTarget) throws {
    let trial = Trial(target)
    for index in from..<(only.map { $0 + 1 } ?? inputs) {
      // Printed before the input is read: after a crash, the last number printed is the input that caused it.
      FileHandle.standardOutput.write(Data("\(index)\n".utf8))
      if let what = trial.fault(of: target.input(seed: seed, index: index)) {
        FileHandle.standardOutput.write(Data("! \(what.replacing("\n", with: " "))\n".utf8))
      }
    }
  }

  // MARK: - The parent

  private func attack(_ name: String) throws -> [Finding] {
    // Seeds are read here first: a refused seed tests nothing.
    let target = try FuzzTarget.named(name)
    var findings: [Finding] = []
    var next = only ?? 0
    let end = only.map { $0 + 1 } ?? inputs
    while next < end, findings.count < Self.mostFindings {
      let (last, found, isWhole) = try watchChild(name, from: next)
      findings += found
      if isWhole { break }
      findings.append(Finding(index: last, what: "crashed or hung"))
      next = last + 1
    }
    if let keep {
      try FileManager.default.createDirectory(atPath: keep, withIntermediateDirectories: true)
      for index in only.map({ [$0] }) ?? findings.map(\.index) {
        let url = URL(fileURLWithPath: keep).appending(path: "\(name)-\(index)")
        try Data(target.input(seed: seed, index: index)).write(to: url)
      }
    }
    return findings
  }

  /// Runs a child until it ends or stops making progress.
  private func watchChild(_ name: String, from: Int) throws -> (last: Int, findings: [Finding], isWhole: Bool) {
    let log = FileManager.default.temporaryDirectory.appending(path: "fuzz-\(UUID().uuidString).log")
    try Data().write(to: log)
    defer { try? FileManager.default.removeItem(at: log) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    process.arguments = ["--child", name, "--from", "\(from)", "--inputs", "\(inputs)", "--seed", "\(seed)"]
    if let only { process.arguments?.append(contentsOf: ["--only", "\(only)"]) }
    // Freed memory goes back to the system at once, so that the peak of one input shows its own use.
    process.environment = ProcessInfo.processInfo.environment.merging(
      ["MALLOC_TRIM_THRESHOLD_": "0", "MALLOC_MMAP_THRESHOLD_": "65536"]) { $1 }
    process.standardOutput = try FileHandle(forWritingTo: log)
    process.standardError = FileHandle.nullDevice
    try process.run()
    var size = 0
    var moved = Date()
    while process.isRunning {
      usleep(20_000)
      let now = (try? FileManager.default.attributesOfItem(atPath: log.path)[.size] as? Int) ?? 0
      if now != size { (size, moved) = (now, Date()) }
      if Date().timeIntervalSince(moved) > Self.patienceSeconds { kill(process.processIdentifier, SIGKILL) }
    }
    process.waitUntilExit()
    let left = FuzzTarget.scratch.deletingLastPathComponent().appending(path: "fuzz-\(process.processIdentifier)")
    try? FileManager.default.removeItem(at: left)
    var last = from
    var findings: [Finding] = []
    for line in try String(contentsOf: log, encoding: .utf8).split(separator: "\n") {
      if line.hasPrefix("! ") {
        findings.append(Finding(index: last, what: String(line.dropFirst(2))))
      } else {
        last = Int(line) ?? last
      }
    }
    return (last, findings, process.terminationReason == .exit && process.terminationStatus == 0)
  }
}
