import Trainer

/// Failure to fetch from the hub, or to keep what was fetched: the problem and its remedy in one line.
package struct HubError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The process's exit status: 64 usage, 65 bad data, 66 no such repository or file, 74 network or disk, 128 and a
  /// signal.
  package let exitCode: Int32
  package let problem: String
  package let remedy: String

  init(_ exitCode: Int32, _ problem: String, _ remedy: String) {
    (self.exitCode, self.problem, self.remedy) = (exitCode, problem, remedy)
  }

  /// The failure of a file.
  init(_ error: FileError) {
    self.init(error.exitCode, "\(error.path): \(error.problem)", error.remedy)
  }

  /// A signal came: what has been fetched is kept.
  static func stopped(_ signal: Int32) -> HubError {
    HubError(128 + signal, "signal \(signal): what was fetched is kept", "run the command again to go on")
  }

  package var description: String { "\(problem); \(remedy)" }
}

/// Failure of one request.
enum RequestFault: Error {
  /// A fault that may be gone in a moment.
  ///
  /// - Parameter wait: seconds that the server asks to wait; nil: it asks for none.
  case passing(HubError, wait: Double?)
  /// A fault that stays.
  case lasting(HubError)
}
