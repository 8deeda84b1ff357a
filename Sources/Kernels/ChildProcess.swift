import Foundation
import Glibc

/// A second process of this program, for calls that may crash or hang a driver.
package enum ChildProcess {
  /// The end of a child process.
  package enum Outcome: Sendable {
    /// The child exited by itself, with this status and this standard output.
    case exited(Int32, Data)
    /// A signal ended the child; `Data` is its output until then.
    case crashed(signal: Int32, Data)
    /// The child was killed after it had printed nothing for `seconds`; `Data` is its output before.
    case timedOut(Data)
    /// The child could not be started.
    case failed(String)
  }

  /// The running executable where it is `accrete`; nil in any other program, such as the tests.
  package static var ownExecutable: URL? {
    let executable = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    return executable.lastPathComponent == "accrete" ? executable : nil
  }

  /// Runs an executable to its end, without stdin; stderr is discarded.
  ///
  /// - Parameter seconds: longest silence on standard output, and longest wait from the output's end to the process's
  ///   end. Past either the child is killed.
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
      // A hanging driver may ignore any milder signal.
      kill(child.processIdentifier, SIGKILL)
      ended.wait()
      return .timedOut(printed)
    }
    guard child.terminationReason == .exit else { return .crashed(signal: child.terminationStatus, printed) }
    return .exited(child.terminationStatus, printed)
  }

  /// Reads a pipe until all its writers have closed it. `isWhole` is false where nothing came for `seconds` before
  /// that.
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
