import Foundation

/// The user's folders in which the program keeps measurements and compiled programs.
package enum UserFolder {
  /// The folder named by the environment variable `variable`; else `accrete` in the folder named by the XDG variable;
  /// else `accrete` in the folder `home` of HOME; nil where none is set.
  package static func url(_ variable: String, xdg: String, below home: String) -> URL? {
    let environment = ProcessInfo.processInfo.environment
    return environment[variable].map { URL(fileURLWithPath: $0) }
      ?? environment[xdg].map { URL(fileURLWithPath: $0).appending(path: "accrete") }
      ?? environment["HOME"].map { URL(fileURLWithPath: $0).appending(path: home + "/accrete") }
  }
}
