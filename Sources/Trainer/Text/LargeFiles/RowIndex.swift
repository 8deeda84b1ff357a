import Foundation

/// Places of the rows of a large file of text, 8 bytes a row, kept in the user's cache by the file's hash.
struct RowIndex: Sendable {
  /// The mark of an index file, and the version of its form.
  private static let mark = UInt64(0x3130_5844_4E49_4341)
  /// Bytes before the places: the mark, the bytes of the file of rows, and the number of rows.
  private static let headerByteCount = 24

  /// Places in memory, or in a file.
  private enum Places {
    case array([UInt64])
    case mapped(MappedFile)
  }

  private let places: Places
  /// Rows of the file.
  let count: Int

  /// The place of a row's first byte in its file.
  subscript(row: Int) -> Int {
    switch places {
    case .array(let places): Int(places[row])
    case .mapped(let file):
      Int(
        clamping: file.bytes.loadUnaligned(fromByteOffset: Self.headerByteCount + 8 * row, as: UInt64.self).littleEndian
      )
    }
  }

  /// The index of a file of `byteCount` bytes, from the cache or by reading all of the file.
  ///
  /// - Parameters:
  ///   - key: names the file's content and format.
  ///   - read: reads the file and hands on the place of each row.
  init(
    key: String, byteCount: Int, read: ((Int) -> Void) throws(DatasetError) -> Void
  ) throws(DatasetError) {
    let kept = UserCache.folder("rows")?.appending(path: key)
    if let kept, let file = Self.kept(kept, byteCount: byteCount) {
      (places, count) = (.mapped(file), (file.bytes.count - Self.headerByteCount) / 8)
      return
    }
    var found: [UInt64] = []
    try read { found.append(UInt64($0)) }
    (places, count) = (.array(found), found.count)
    guard let kept else { return }
    let numbers = [Self.mark, UInt64(byteCount), UInt64(count)] + found
    try? numbers.map(\.littleEndian).withUnsafeBytes { bytes throws(FileError) in
      let file = try AtomicFile(kept)
      try file.write(bytes)
      try file.commit()
    }
  }

  /// The index file, where it belongs to a file of `byteCount` bytes and is whole.
  private static func kept(_ url: URL, byteCount: Int) -> MappedFile? {
    guard let file = try? MappedFile(path: url.path), file.bytes.count >= headerByteCount else { return nil }
    func number(_ index: Int) -> UInt64 {
      file.bytes.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self).littleEndian
    }
    let isWhole =
      number(0) == mark && number(1) == UInt64(byteCount)
      && number(2) == UInt64((file.bytes.count - headerByteCount) / 8) && file.bytes.count % 8 == 0
    return isWhole ? file : nil
  }
}
