import Foundation

/// Line of a file of a run that has one line for each of certain optimiser steps.
package protocol StepLogLine: Encodable, Sendable {
  /// Name of the file in the run's folder.
  static var fileName: String { get }
  /// Number of the round, from 1.
  var round: Int { get }
  /// Number of the optimiser step, from 1 in each round.
  var step: Int { get }

  /// Reads a line; a key that older releases did not write may be absent, a key that is not known is ignored.
  init(_ object: RecordObject) throws(FileError)

  /// Reads a plain line in less time; nil where it takes the strict parser.
  init?(plain bytes: UnsafeRawBufferPointer)
}

extension StepLogLine {
  package init?(plain bytes: UnsafeRawBufferPointer) { nil }
}

/// A file of lines that grows as a run goes on: exactly one line for each step, also where the run was resumed.
package final class StepLog<Line: StepLogLine> {
  private let file: URL
  private let handle: FileHandle
  private let encoder = JSONEncoder()

  /// Name of the file in the run's folder.
  package static var fileName: String { Line.fileName }

  /// Opens the file in a run's folder to append to it, and drops the lines beyond a step, which is taken again.
  ///
  /// - Parameters:
  ///   - step: last step of round `round` whose line is kept.
  ///   - round: number of a round, from 1; every line of earlier rounds is kept.
  package init(in folder: URL, upTo step: Int, ofRound round: Int) throws {
    file = folder.appending(path: Line.fileName)
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.sortedKeys]
    let content = try InputFile.contentsIfPresent(file.path, limit: .max) ?? Data()
    try AtomicFile.write(try Self.lines(of: content, upTo: step, ofRound: round, path: file.path), to: file)
    do {
      handle = try FileHandle(forWritingTo: file)
      try handle.seekToEnd()
    } catch {
      throw Self.failure(file, error)
    }
  }

  /// Calls `body` with each line of the file in a run's folder; none where there is no file.
  ///
  /// A last line that a crash cut is passed over.
  ///
  /// - Throws: `FileError` (`invalid`) with `FILE:LINE` and the byte of what is damaged.
  package static func read(in folder: URL, body: (Line) -> Void) throws(FileError) {
    try RecordLines.read(folder.appending(path: Line.fileName).path) { line throws(FileError) in
      if let plain = Line(plain: line.bytes) { body(plain) } else { body(try Line(try line.object())) }
    }
  }

  /// Appends a line.
  package func append(_ line: Line) throws {
    do {
      try handle.write(contentsOf: try encoder.encode(line) + Data("\n".utf8))
    } catch {
      throw Self.failure(file, error)
    }
  }

  private struct Place: Decodable {
    let round: Int
    let step: Int
  }

  private static func lines(
    of content: Data, upTo step: Int, ofRound round: Int, path: String
  ) throws(FileError) -> Data {
    let newline = UInt8(ascii: "\n")
    let decoder = JSONDecoder()
    var kept = Data()
    let lines = content.split(separator: newline, omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() where !line.isEmpty {
      guard let place = try? decoder.decode(Place.self, from: Data(line)) else {
        // A last line that was cut by a crash belongs to a step that is taken again.
        guard index < lines.count - 1 else { break }
        throw FileError(
          .invalid, path: "\(path):\(index + 1)", "the line is no object with round and step",
          remedy: "mend or remove the line, then continue with --resume")
      }
      if (place.round, place.step) <= (round, step) {
        kept += line
        kept.append(newline)
      }
    }
    return kept
  }

  private static func failure(_ file: URL, _ error: any Error) -> FileError {
    FileError(
      .inputOutput, path: file.path, "a line cannot be written (\(error.systemReason))",
      remedy: "check the free space and the permissions")
  }
}
