/// Failure to read or write a model, or a file beside it.
///
/// The description is one line: what was attempted, on which file, at which byte, with which values, and the remedy.
package struct FileError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The class of failure, from which the command line derives its exit code.
  package enum Kind: Sendable, Equatable {
    /// The file or folder is not there.
    case notFound
    /// The content contradicts its format, or itself.
    case invalid
    /// The content is well formed, but asks for what is not built.
    case unsupported
    /// The operating system refused to read or to write.
    case inputOutput
  }

  /// The class of failure.
  package let kind: Kind
  /// The file or folder concerned.
  package let path: String
  /// Place in the file, in bytes from its start, if one place is to blame.
  package let byteOffset: Int?
  /// The attempt, and the finding that ended it.
  package let problem: String
  /// The step by which the user mends it.
  package let remedy: String

  /// An error about `path`; text that stems from a file is made printable, so that the line stays one line.
  package init(
    _ kind: Kind, path: String, byteOffset: Int? = nil, _ problem: String, remedy: String
  ) {
    self.kind = kind
    self.path = Self.shown(path, limit: 4096)
    self.byteOffset = byteOffset
    self.problem = Self.shown(problem, limit: 600)
    self.remedy = Self.shown(remedy, limit: 600)
  }

  /// The process's exit status: 65 bad data, 66 no such file, 74 cannot be read or written.
  package var exitCode: Int32 {
    switch kind {
    case .notFound: 66
    case .invalid, .unsupported: 65
    case .inputOutput: 74
    }
  }

  /// Path, byte, problem and remedy on one line.
  package var description: String {
    let place = byteOffset.map { ", byte \($0)" } ?? ""
    return "\(path)\(place): \(problem); \(remedy)"
  }

  /// `text` fit for a terminal, cut to `limit` characters: names in a corrupt file can be anything.
  private static func shown(_ text: String, limit: Int) -> String {
    let start = String(text.unicodeScalars.prefix(limit))
    return printable(start) + (start.unicodeScalars.count < text.unicodeScalars.count ? "…" : "")
  }
}

extension FileError {
  /// The remedy where the bytes themselves are wrong.
  package static let damaged = "the file is damaged or incomplete: download or export it again"

  /// The content of `path` contradicts its format.
  package static func invalid(
    _ path: String, at byteOffset: Int? = nil, _ problem: String, remedy: String = damaged
  ) -> FileError {
    FileError(.invalid, path: path, byteOffset: byteOffset, problem, remedy: remedy)
  }

  /// The content of `path` is well formed but not supported.
  package static func unsupported(
    _ path: String, at byteOffset: Int? = nil, _ problem: String, remedy: String
  ) -> FileError {
    FileError(.unsupported, path: path, byteOffset: byteOffset, problem, remedy: remedy)
  }
}
