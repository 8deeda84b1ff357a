/// A form in which numbers stand in a file, by blocks.
protocol NumberStorage {
  /// The name in the file.
  var name: String { get }
  /// Numbers in a block.
  var blockCount: Int { get }
  /// Bytes of a block.
  var blockByteCount: Int { get }

  /// Writes whole blocks of f32 numbers in this form.
  ///
  /// - Returns: the index of the first number that this form cannot hold, or nil. What follows it is then not written.
  func narrow(_ source: UnsafeBufferPointer<Float>, into destination: UnsafeMutableRawBufferPointer) -> Int?
}

extension FloatStorage: NumberStorage {
  package var name: String { rawValue }
  package var blockCount: Int { 1 }
  package var blockByteCount: Int { byteCount }
}

/// Writes the numbers of tensors to a file in a form of their own, a piece at a time, so that a tensor is never held
/// twice.
struct NumberOutput {
  /// Numbers narrowed at a time: half a megabyte of bf16, and whole blocks of every form.
  private static let pieceCount = 1 << 18

  private let file: AtomicFile
  private let path: String

  /// - Parameter path: the file's name in errors.
  init(_ file: AtomicFile, path: String) {
    self.file = file
    self.path = path
  }

  /// Appends numbers of tensor `name`: whole blocks of them.
  func write(
    _ floats: UnsafeBufferPointer<Float>, of name: String, as storage: some NumberStorage
  ) throws(FileError) {
    precondition(floats.count.isMultiple(of: storage.blockCount), "\(name) is written in whole blocks")
    let capacity = min(floats.count, Self.pieceCount) / storage.blockCount * storage.blockByteCount
    let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: capacity, alignment: 16)
    defer { piece.deallocate() }
    for start in stride(from: 0, to: floats.count, by: Self.pieceCount) {
      let source = UnsafeBufferPointer(rebasing: floats[start..<min(floats.count, start + Self.pieceCount)])
      let narrowed = UnsafeMutableRawBufferPointer(
        rebasing: piece[..<(source.count / storage.blockCount * storage.blockByteCount)])
      if let index = storage.narrow(source, into: narrowed) {
        throw .unsupported(
          path, "tensor \"\(name)\" holds \(source[index]), which \(storage.name) cannot hold",
          remedy: "save as bf16 or f32")
      }
      try file.write(UnsafeRawBufferPointer(narrowed))
    }
  }
}
