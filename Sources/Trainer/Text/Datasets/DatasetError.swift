/// A fault of a dataset: its place, the fault and the remedy, in one line of text.
package struct DatasetError: Error, Equatable, Sendable, CustomStringConvertible {
  /// `path/train.jsonl:17`, or the path alone where the fault is the whole file's.
  package let place: String
  /// The value read, the value expected, and the remedy.
  package let message: String
  /// The process's exit status: 65 bad data, 66 no such file, 74 cannot be read.
  package let exitCode: Int32

  package init(place: String, message: String, exitCode: Int32 = 65) {
    self.place = place
    self.message = message
    self.exitCode = exitCode
  }

  package var description: String { "\(place): \(message)" }
}
