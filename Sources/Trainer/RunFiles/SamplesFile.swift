import Foundation

/// samples.jsonl of a round's folder: the model's answers beside the prompts, one line an answer.
package enum SamplesFile {
  /// Name of the file in a round's folder.
  package static let fileName = "samples.jsonl"

  /// One answer.
  package struct Line: Encodable, Sendable, Equatable {
    /// Name of the dataset that the row belongs to.
    package var dataset: String
    package var prompt: String
    /// Completion of the held-out row itself; nil where the file has none.
    package var reference: String?
    /// Completion that the model wrote.
    package var completion: String
  }

  /// Writes the answers of each dataset, whole or not at all; without any, no file.
  package static func write(_ answers: [(dataset: String, answers: [TaskAnswer])], to url: URL) throws {
    guard !answers.isEmpty else { return }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var lines = Data()
    for (dataset, answers) in answers {
      for answer in answers {
        let line = Line(
          dataset: dataset, prompt: answer.prompt, reference: answer.pair.reference, completion: answer.pair.completion)
        lines += try encoder.encode(line) + Data("\n".utf8)
      }
    }
    try AtomicFile.write(lines, to: url)
  }

  /// Reads the answers in a round's folder; none where there is no file.
  package static func read(in folder: URL) throws(FileError) -> [Line] {
    var lines: [Line] = []
    try RecordLines.read(folder.appending(path: fileName).path) { line throws(FileError) in
      lines.append(try Line(try line.object()))
    }
    return lines
  }
}

extension SamplesFile.Line {
  fileprivate init(_ object: RecordObject) throws(FileError) {
    dataset = try object.required("dataset")
    prompt = try object["prompt"] ?? ""
    reference = try object["reference"]
    completion = try object["completion"] ?? ""
  }
}
