import Foundation

/// Folders of the user's in which the program keeps what it measured or compiled.
package enum UserFolder {
  /// The folder that a variable of ours names, else `accrete` in the one that XDG's variable names, or in its usual place
  /// below the home folder; nil: none of them is set.
  package static func url(_ variable: String, xdg: String, below home: String) -> URL? {
    let environment = ProcessInfo.processInfo.environment
    return environment[variable].map { URL(fileURLWithPath: $0) }
      ?? environment[xdg].map { URL(fileURLWithPath: $0).appending(path: "accrete") }
      ?? environment["HOME"].map { URL(fileURLWithPath: $0).appending(path: home + "/accrete") }
  }
}
