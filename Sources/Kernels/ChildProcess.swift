import Foundation

/// This program run again, for what may crash or hang a driver.
package enum ChildProcess {
  /// What came of a child.
  package enum Outcome: Sendable {
    /// It ended by itself, with this status and this standard output.
    case exited(Int32, Data)
    /// A signal ended it.
    case crashed(signal: Int32)
    /// It was ended after its seconds.
    case timedOut
    /// It could not be started.
    case failed(String)
  }

  /// `accrete` where this process is it; nil elsewhere.
  package static var ownExecutable: URL? {
    let executable = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    return executable.lastPathComponent == "accrete" ? executable : nil
  }

  /// Runs it to its end, without standard error; what it prints must fit a pipe (64 KiB).
  package static func run(_ arguments: [String], executable: URL, seconds: Double) -> Outcome {
    let child = Process()
    let output = Pipe()
    (child.executableURL, child.arguments) = (executable, arguments)
    (child.standardOutput, child.standardError) = (output, FileHandle.nullDevice)
    let ended = DispatchSemaphore(value: 0)
    child.terminationHandler = { _ in ended.signal() }
    do { try child.run() } catch { return .failed(error.localizedDescription) }
    guard ended.wait(timeout: .now() + seconds) == .success else {
      // A driver that hangs may not answer to less.
      kill(child.processIdentifier, SIGKILL)
      ended.wait()
      return .timedOut
    }
    guard child.terminationReason == .exit else { return .crashed(signal: child.terminationStatus) }
    let data = (try? output.fileHandleForReading.readToEnd()) ?? Data()
    return .exited(child.terminationStatus, data)
  }
}
