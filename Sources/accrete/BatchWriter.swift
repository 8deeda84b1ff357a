import Foundation
import Trainer

/// Writes micro-batches as lines of JSON, so that another trainer can read the same batches.
struct BatchWriter {
  private struct Line: Encodable {
    let ids: [Int32]
    /// The token that each position predicts; −100 where none is supervised.
    let targets: [Int32]
    /// [first position, length] of each sample.
    let segments: [[Int]]
    let rows: Int
  }

  private let file: URL
  private let handle: FileHandle

  init(_ file: URL) throws {
    self.file = file
    let descriptor = open(file.path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw FileError(
        .inputOutput, path: file.path, "the file cannot be made (\(String(cString: strerror(errno))))",
        remedy: "check --write-batches and its permissions")
    }
    handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
  }

  func write(_ batch: MicroBatch, of datasets: [Dataset]) throws {
    var (ids, targets, segments): ([Int32], [Int32], [[Int]]) = ([], [], [])
    for segment in batch.segments {
      let sample = datasets[segment.dataset].sample(segment.sample, reversed: segment.reversed)
      segments.append([ids.count, segment.length])
      ids += sample.ids
      targets += sample.labels.dropFirst() + [Sample.ignoredLabel]
    }
    let line = Line(ids: ids, targets: targets, segments: segments, rows: batch.tokenCount)
    let bytes = try JSONEncoder().encode(line) + Data("\n".utf8)
    do {
      try handle.write(contentsOf: bytes)
    } catch {
      throw FileError(
        .inputOutput, path: file.path, "a micro-batch cannot be written (\(error.systemReason))",
        remedy: "check --write-batches and the room on the disk")
    }
  }
}
