/// A GGUF file's entry about a tensor, before the tensor's place in the file is known.
struct GGUFTensorInfo {
  /// The tensor's name in the file.
  let name: String
  /// Sizes of the tensor's dimensions, rows first.
  let shape: [Int]
  /// Form of the tensor's numbers.
  let type: GGUFTensorType
  /// Bytes of the tensor's data.
  let byteCount: Int
  /// Offset in bytes from the start of the data section.
  let dataOffset: UInt64
  /// Place of this entry, in bytes from the start of the file, for messages.
  let byteOffset: Int

  /// Reads name, dimensions, type and offset.
  init(_ cursor: inout GGUFCursor, maximumDimensions: Int) throws(FileError) {
    let path = cursor.path
    byteOffset = cursor.position
    name = try cursor.string()
    let dimensions = try cursor.integer(UInt32.self)
    guard dimensions >= 1, dimensions <= UInt32(maximumDimensions) else {
      throw .invalid(
        path, at: byteOffset,
        "tensor \"\(name)\" has \(dimensions) dimensions, where 1 to \(maximumDimensions) are "
          + "possible")
    }
    var sizes: [Int] = []
    for _ in 0..<dimensions {
      let size = try cursor.integer(UInt64.self)
      guard let size = Int(exactly: size) else {
        throw .invalid(path, at: byteOffset, "tensor \"\(name)\" has a dimension of \(size)")
      }
      sizes.append(size)
    }
    // The file counts from the fastest dimension: columns, then rows.
    let rowLength = sizes[0]
    shape = sizes.reversed()
    let typeNumber = try cursor.integer(UInt32.self)
    guard let type = GGUFTensorType(rawValue: typeNumber) else {
      throw .unsupported(
        path, at: byteOffset,
        "tensor \"\(name)\" is stored as \(GGUFTensorType.name(typeNumber)), which cannot be read",
        remedy: "convert the model to F32, F16, BF16, Q8_0 or a type of the Q2_K … Q6_K family")
    }
    self.type = type
    dataOffset = try cursor.integer(UInt64.self)
    guard rowLength.isMultiple(of: type.blockCount) else {
      throw .invalid(
        path, at: byteOffset,
        "rows of \(rowLength) numbers in tensor \"\(name)\" are no whole blocks of "
          + "\(GGUFTensorType.name(typeNumber))")
    }
    let blocks = [rowLength / type.blockCount] + sizes.dropFirst()
    guard let byteCount = CheckedSize.product(blocks, times: type.blockByteCount),
      // The count of numbers must fit too: a block of 18 bytes holds 32 of them.
      CheckedSize.product(sizes, times: MemoryLayout<Float>.size) != nil
    else {
      throw .invalid(path, at: byteOffset, "the shape \(shape) of tensor \"\(name)\" overflows")
    }
    self.byteCount = byteCount
  }
}
