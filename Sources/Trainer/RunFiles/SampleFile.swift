import Foundation

/// Answers as JSON lines, to be read beside what was asked.
package enum SampleFile {
  /// What it is called in a round's folder.
  package static let name = "samples.jsonl"

  /// One answer.
  package struct Line: Codable, Sendable, Equatable {
    package let dataset: String
    package let prompt: String
    package let reference: String
    package let completion: String
  }

  /// Writes the answers of each dataset, whole or not at all; where there are none, no file.
  package static func write(_ answers: [(dataset: String, answers: [TaskAnswer])], to url: URL) throws {
    guard !answers.isEmpty else { return }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var lines = Data()
    for (dataset, answers) in answers {
      for answer in answers {
        lines += try encoder.encode(
          Line(
            dataset: dataset, prompt: answer.prompt, reference: answer.pair.reference,
            completion: answer.pair.completion))
        lines.append(UInt8(ascii: "\n"))
      }
    }
    try AtomicFile.write(lines, to: url)
  }
}
