import Foundation
import Glibc

/// This program run again, for what may crash or hang a driver.
package enum ChildProcess {
  /// What came of a child.
  package enum Outcome: Sendable {
    /// It ended by itself, with this status and this standard output.
    case exited(Int32, Data)
    /// A signal ended it; what it had printed.
    case crashed(signal: Int32, Data)
    /// It was ended, having printed nothing for its seconds; what it had printed before.
    case timedOut(Data)
    /// It could not be started.
    case failed(String)
  }

  /// `accrete` where this process is it; nil elsewhere.
  package static var ownExecutable: URL? {
    let executable = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    return executable.lastPathComponent == "accrete" ? executable : nil
  }

  /// Runs it to its end, without standard error.
  ///
  /// - Parameter seconds: that it may take from one word on standard output to the next, and from the last to its end.
  package static func run(_ arguments: [String], executable: URL, seconds: Double) -> Outcome {
    let child = Process()
    let output = Pipe()
    (child.executableURL, child.arguments) = (executable, arguments)
    (child.standardInput, child.standardOutput) = (FileHandle.nullDevice, output)
    child.standardError = FileHandle.nullDevice
    let ended = DispatchSemaphore(value: 0)
    child.terminationHandler = { _ in ended.signal() }
    do { try child.run() } catch { return .failed(error.localizedDescription) }
    let (printed, isWhole) = read(output.fileHandleForReading.fileDescriptor, patience: seconds)
    guard isWhole, ended.wait(timeout: .now() + seconds) == .success else {
      // A driver that hangs may not answer to less.
      kill(child.processIdentifier, SIGKILL)
      ended.wait()
      return .timedOut(printed)
    }
    guard child.terminationReason == .exit else { return .crashed(signal: child.terminationStatus, printed) }
    return .exited(child.terminationStatus, printed)
  }

  /// What a pipe brings until its writers have closed it, or until nothing came for so many seconds.
  private static func read(_ descriptor: Int32, patience seconds: Double) -> (Data, isWhole: Bool) {
    var data = Data()
    var piece = [UInt8](repeating: 0, count: 4096)
    while true {
      var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      let ready = poll(&request, 1, Int32(seconds * 1000))
      if ready < 0 && errno == EINTR { continue }
      guard ready > 0 else { return (data, false) }
      let count = Glibc.read(descriptor, &piece, piece.count)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return (data, true) }
      data += piece[..<count]
    }
  }
}
