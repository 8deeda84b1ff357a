import Foundation

/// The user's folders in which the program keeps measurements and compiled programs.
package enum UserFolder {
  /// The folder of what can be worked out again: `ACCRETE_CACHE`, or `accrete` in the user's cache folder.
  package static var cache: URL? { url("ACCRETE_CACHE", xdg: "XDG_CACHE_HOME", below: ".cache") }

  /// The folder named by the environment variable `variable`; else `accrete` in the folder named by the XDG variable;
  /// else `accrete` in the folder `home` of HOME; nil where none is set.
  package static func url(_ variable: String, xdg: String, below home: String) -> URL? {
    let environment = ProcessInfo.processInfo.environment
    return environment[variable].map { URL(fileURLWithPath: $0) }
      ?? environment[xdg].map { URL(fileURLWithPath: $0).appending(path: "accrete") }
      ?? environment["HOME"].map { URL(fileURLWithPath: $0).appending(path: home + "/accrete") }
  }
}
