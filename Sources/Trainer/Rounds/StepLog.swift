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

  /// - Parameter keep: which of the lines that are there belong to the run that goes on.
  package init(_ file: URL, keep: (Line) -> Bool) throws {
    self.file = file
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.sortedKeys]
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    var kept = Data()
    for line in ((try? Data(contentsOf: file)) ?? Data()).split(separator: UInt8(ascii: "\n")) {
      // A line that was cut by a crash belongs to a step that is taken again.
      guard let read = try? decoder.decode(Line.self, from: Data(line)), keep(read) else { continue }
      kept += line + Data("\n".utf8)
    }
    try AtomicFile.write(kept, to: file)
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

  private static func failure(_ file: URL, _ error: any Error) -> CheckpointError {
    CheckpointError(
      .inputOutput, path: file.path, "a line cannot be written (\(error.systemReason))",
      remedy: "check the free space and the permissions")
  }
}
