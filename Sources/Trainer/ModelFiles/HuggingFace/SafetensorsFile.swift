import Foundation

/// A safetensors file, mapped: the header is read and checked at once, tensors when they are asked for.
package final class SafetensorsFile: Sendable {
  private let file: MappedFile
  /// Places in `entries` by name.
  private let positions: [String: Int]
  /// The tensors in the order of the header.
  package let entries: [SafetensorsEntry]
  /// The header's `__metadata__`.
  package let metadata: [String: String]

  /// The path that was opened.
  package var path: String { file.path }

  /// Opens the file at `url`.
  package init(_ url: URL) throws(FileError) {
    file = try MappedFile(path: url.path)
    let header = try SafetensorsHeader(file.bytes, path: file.path)
    entries = header.entries
    metadata = header.metadata
    var positions: [String: Int] = [:]
    for (index, entry) in entries.enumerated() where positions.updateValue(index, forKey: entry.name) != nil {
      // The parser refuses keys of the same bytes; these are spelled in two ways.
      throw .invalid(url.path, "two tensors are called \"\(entry.name)\"")
    }
    self.positions = positions
  }

  /// The entry of tensor `name`, or nil where the file has none.
  package func entry(_ name: String) -> SafetensorsEntry? { positions[name].map { entries[$0] } }

  /// Form in which the floats of `entry` are stored; throws where it does not hold floats that can be read.
  package func storage(of entry: SafetensorsEntry) throws(FileError) -> FloatStorage {
    guard let storage = FloatStorage(rawValue: entry.elementType) else {
      throw .unsupported(
        path, at: entry.byteRange.lowerBound, "tensor \"\(entry.name)\" is stored as \(entry.elementType)",
        remedy: "export it as F32, F16 or BF16")
    }
    return storage
  }

  /// True where a tensor holds the same numbers, bit for bit, as one of this or another file.
  package func isSame(_ a: SafetensorsEntry, _ b: SafetensorsEntry, of other: SafetensorsFile? = nil) -> Bool {
    let other = other ?? self
    guard a.elementType == b.elementType, a.shape == b.shape, a.byteRange.count == b.byteRange.count else {
      return false
    }
    defer {
      file.release(a.byteRange)
      other.file.release(b.byteRange)
    }
    return withExtendedLifetime((file, other.file)) {
      let (left, right) = (file.bytes[a.byteRange], other.file.bytes[b.byteRange])
      guard let left = UnsafeRawBufferPointer(rebasing: left).baseAddress,
        let right = UnsafeRawBufferPointer(rebasing: right).baseAddress
      else { return true }
      return memcmp(left, right, a.byteRange.count) == 0
    }
  }

  /// Hands numbers of tensor `name` to `body` as f32; they are valid during the call only.
  ///
  /// - Parameter rows: those to hand on; nil: all.
  package func withFloats<R>(
    _ name: String, rows: Range<Int>? = nil, _ body: (UnsafeBufferPointer<Float>) throws -> R
  ) throws -> R {
    guard let entry = entry(name) else {
      throw FileError.invalid(path, "tensor \"\(name)\" is missing", remedy: "export the model again, whole")
    }
    let storage = try storage(of: entry)
    var range = entry.byteRange
    if let rows {
      let rowByteCount = entry.shape.dropFirst().reduce(storage.byteCount, *)
      range = range.lowerBound + rows.lowerBound * rowByteCount..<range.lowerBound + rows.upperBound * rowByteCount
      precondition(range.upperBound <= entry.byteRange.upperBound, "rows \(rows) of \(name)")
    }
    return try withExtendedLifetime(file) {
      defer { file.release(range) }
      return try storage.withWidened(UnsafeRawBufferPointer(rebasing: file.bytes[range]), body)
    }
  }

  /// The numbers of tensor `name` as f32.
  package func floats(_ name: String) throws -> [Float] { try withFloats(name) { Array($0) } }
}
