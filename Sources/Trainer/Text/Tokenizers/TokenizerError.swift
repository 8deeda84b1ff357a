import Foundation

/// Failure to read, understand or write the files of a tokenizer.
package enum TokenizerError: Error, Equatable, CustomStringConvertible, LocalizedError {
  /// No tokenizer stands at `path`.
  case notFound(path: String, remedy: String)
  /// The file exists but cannot be read.
  case unreadable(path: String, reason: String)
  /// The file's content breaks its own format; `place` is a key or a byte offset.
  case malformed(path: String, place: String, problem: String)
  /// The file asks for something that would change ids and is not offered here.
  case unsupported(path: String, place: String, feature: String, remedy: String)
  /// A file could not be written.
  case unwritable(path: String, reason: String)

  /// File, place, problem and remedy on one line.
  package var description: String {
    switch self {
    case .notFound(let path, let remedy):
      return "no tokenizer found at \(path): \(remedy)"
    case .unreadable(let path, let reason):
      return "reading tokenizer file \(path) failed: \(reason); check that the file is readable"
    case .malformed(let path, let place, let problem):
      return "tokenizer \(path) is malformed at \(place): \(problem); fetch the file again from its model"
    case .unsupported(let path, let place, let feature, let remedy):
      return "tokenizer \(path) asks at \(place) for \(feature), which would change ids and is not supported; \(remedy)"
    case .unwritable(let path, let reason):
      return "writing tokenizer file \(path) failed: \(reason); check the folder's permissions and free space"
    }
  }

  package var errorDescription: String? { description }
}
