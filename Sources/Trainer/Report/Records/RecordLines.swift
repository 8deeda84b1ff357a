/// The lines of a `.jsonl` file of a run, one object each.
enum RecordLines {
  /// Calls `body` for each line; does nothing where there is no such file.
  ///
  /// A last line without its line break is passed over where it is no object: a crash, or a run that is writing it, cuts it.
  ///
  /// - Throws: `CheckpointError` that names `FILE:LINE` and the byte.
  static func read(
    _ path: String, body: (RecordObject) throws(CheckpointError) -> Void
  ) throws(CheckpointError) {
    let file: MappedFile
    do {
      file = try MappedFile(path: path)
    } catch {
      if error.kind == .notFound { return }
      throw error
    }
    try withExtendedLifetime(file) { () throws(CheckpointError) in try read(file.bytes, path: path, body: body) }
  }

  private static func read(
    _ bytes: UnsafeRawBufferPointer, path: String, body: (RecordObject) throws(CheckpointError) -> Void
  ) throws(CheckpointError) {
    var start = 0
    var number = 0
    while start < bytes.count {
      number += 1
      let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
      let line = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
      let isBlank = line.allSatisfy { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\r") }
      if !isBlank {
        let place = "\(path):\(number)"
        do {
          try body(try RecordObject(try CheckpointJSONParser.parse(line, path: place, base: start), path: place))
        } catch {
          if end == bytes.count && error.kind == .invalid { return }
          throw RecordObject.withRemedy(error)
        }
      }
      start = end + 1
    }
  }
}
