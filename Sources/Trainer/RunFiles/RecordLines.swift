/// Reader of a `.jsonl` file of a run, one object a line.
package enum RecordLines {
  /// One line: its bytes and its place.
  package struct Line {
    /// Bytes of the line without its line break; valid during the call that is given the line.
    let bytes: UnsafeRawBufferPointer
    let path: String
    /// Number of the line, from 1.
    let number: Int
    /// Byte of the file at which the line starts.
    let byteOffset: Int

    package init(bytes: UnsafeRawBufferPointer, path: String, number: Int, byteOffset: Int) {
      self.bytes = bytes
      self.path = path
      self.number = number
      self.byteOffset = byteOffset
    }

    /// Object of the line, strictly parsed.
    package func object() throws(FileError) -> RecordObject {
      let place = "\(path):\(number)"
      return try RecordObject(try JSONParser.parse(bytes, path: place, base: byteOffset), path: place)
    }
  }

  /// Calls `body` for each line that is not blank; does nothing where there is no such file.
  ///
  /// A last line without its line break is passed over where it is no object: a crash cut it, or a run is writing it.
  ///
  /// - Throws: `FileError` that names `FILE:LINE` and the byte.
  static func read(_ path: String, body: (Line) throws(FileError) -> Void) throws(FileError) {
    let file: MappedFile
    do {
      file = try MappedFile(path: path)
    } catch {
      if error.kind == .notFound { return }
      throw error
    }
    try withExtendedLifetime(file) { () throws(FileError) in try read(file.bytes, path: path, body: body) }
  }

  private static func read(
    _ bytes: UnsafeRawBufferPointer, path: String, body: (Line) throws(FileError) -> Void
  ) throws(FileError) {
    func tooLong(_ number: Int) -> FileError { .invalid("\(path):\(number)", FileLines.tooLong("the line")) }
    try FileLines.forEach(of: bytes, tooLong: tooLong) { line throws(FileError) in
      guard line.bytes.contains(where: { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\r") }) else { return }
      do throws(FileError) {
        try body(Line(bytes: line.bytes, path: path, number: line.number, byteOffset: line.byteOffset))
      } catch {
        let isLast = line.byteOffset + line.bytes.count == bytes.count
        if isLast && error.kind == .invalid { return }
        throw RecordObject.withRemedy(error)
      }
    }
  }
}
