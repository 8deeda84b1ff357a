import Foundation

/// A line that belongs to a step of a round.
package protocol StepLogLine: Codable, Sendable {
  /// From 1.
  var round: Int { get }
  /// From 1 in each round.
  var step: Int { get }
}

/// The held-out losses within a round, as a line of evaluations.jsonl.
package struct EvaluationLine: StepLogLine {
  package var round: Int
  /// The round's name.
  package var name: String
  package var step: Int
  /// Of each dataset of the recipe, in nats; null where it has no held-out rows.
  package var losses: [Double?]
}

/// One optimiser step, as a line of metrics.jsonl.
package struct MetricsLine: StepLogLine {
  /// The round's number, from 1, and its name.
  package var round: Int
  package var name: String
  /// From 1 in each round.
  package var step: Int
  /// Mean token loss of the step, in nats.
  package var loss: Double?
  package var learningRate: Double
  /// Before clipping.
  package var gradNorm: Double?
  /// Without padding.
  package var tokens: Int
  package var supervisedTokens: Int
  package var tokensPerSecond: Double
  package var bytesToDevice: Int
  package var bytesFromDevice: Int
}

/// metrics.jsonl and evaluations.jsonl: exactly one line for each step, also where a run was resumed.
package final class StepLog<Line: StepLogLine> {
  private let file: URL
  private let handle: FileHandle
  private let encoder = JSONEncoder()

  /// Opens the file, and drops the lines beyond a step: a run that goes on takes those steps again.
  ///
  /// - Parameters:
  ///   - step: the last whose line is kept, of round `round`.
  ///   - round: from 1; of the rounds before every line is kept.
  package init(_ file: URL, upTo step: Int, ofRound round: Int) throws {
    self.file = file
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
