/// Reader of a file with one JSON object a line; blank lines are passed over.
struct JSONLinesReader {
  let bytes: UnsafeRawBufferPointer
  let path: String

  func forEachRecord(_ body: (DatasetRecord) throws(DatasetError) -> Void) throws(DatasetError) {
    try FileLines.forEach(of: bytes, tooLong: fault) { line throws(DatasetError) in
      // Space, tab and carriage return: a blank line.
      if line.bytes.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { return }
      try body(DatasetRecord(place: "\(path):\(line.number)", content: .json(line.bytes)))
    }
  }

  private func fault(line: Int) -> DatasetError {
    DatasetError(place: "\(path):\(line)", message: FileLines.tooLong("the line"))
  }
}
