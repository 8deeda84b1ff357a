/// One JSON object a line; blank lines are passed over.
struct JSONLinesReader {
  let bytes: UnsafeRawBufferPointer
  let path: String

  func forEachRecord(_ body: (DatasetRecord) throws(DatasetError) -> Void) throws(DatasetError) {
    var start = 0
    var number = 0
    while start < bytes.count {
      let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
      number += 1
      let line = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
      start = end + 1
      // Space, tab and carriage return: a blank line.
      if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { continue }
      try body(DatasetRecord(place: "\(path):\(number)", content: .json(line)))
    }
  }
}
