import Foundation
import Trainer

/// Answers as JSON lines, to be read beside what was asked.
enum SampleFile {
  private struct Line: Encodable {
    let dataset: String
    let prompt: String
    let reference: String
    let completion: String
  }

  static func write(_ answers: [TaskAnswer], of dataset: String, to url: URL) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var lines = Data()
    for answer in answers {
      lines += try encoder.encode(
        Line(
          dataset: dataset, prompt: answer.prompt, reference: answer.pair.reference,
          completion: answer.pair.completion))
      lines.append(UInt8(ascii: "\n"))
    }
    try lines.write(to: url, options: .atomic)
  }
}
