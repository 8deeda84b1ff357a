/// One entry of a safetensors header.
package struct SafetensorsEntry: Sendable, Equatable {
  /// The tensor's key.
  package let name: String
  /// The element type as the file spells it, such as `BF16`.
  package let elementType: String
  /// Sizes of the tensor's dimensions, rows first.
  package let shape: [Int]
  /// Place of the data, in bytes from the start of the file.
  package let byteRange: Range<Int>
  /// Numbers in the tensor.
  package let elementCount: Int
}

/// The header of a safetensors file: eight bytes of length, then JSON that tells name, type, shape and place of each
/// tensor.
///
/// Every statement of the header is checked against the file before it is believed: lengths, the range of each tensor
/// against its shape, and that the ranges cover the data without overlap or gap, as the format demands.
///
/// - Source: https://github.com/huggingface/safetensors, section "Format".
struct SafetensorsHeader {
  /// The limit that the reference implementation has, too.
  private static let maximumByteCount = 100_000_000

  /// Bytes of one element of each type that the format knows.
  private static let elementSizes = [
    "BOOL": 1, "U8": 1, "I8": 1, "F8_E5M2": 1, "F8_E4M3": 1, "F8_E8M0": 1, "I16": 2, "U16": 2, "F16": 2, "BF16": 2,
    "I32": 4, "U32": 4, "F32": 4, "C64": 8, "F64": 8, "I64": 8, "U64": 8,
  ]

  /// The tensors in the order of the header.
  let entries: [SafetensorsEntry]
  /// The members of `__metadata__`.
  let metadata: [String: String]

  private let path: String
  private let dataStart: Int
  private let fileSize: Int

  /// Reads and checks the header of a file whose whole content is `bytes`.
  init(_ bytes: UnsafeRawBufferPointer, path: String) throws(FileError) {
    guard bytes.count >= 8 else {
      throw .invalid(path, at: 0, "\(bytes.count) bytes are too few for a safetensors file")
    }
    let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
    guard length <= UInt64(Self.maximumByteCount), Int(length) <= bytes.count - 8 else {
      throw .invalid(
        path, at: 0,
        "the safetensors header claims \(length) bytes, but \(bytes.count - 8) follow "
          + "and \(Self.maximumByteCount) are allowed")
    }
    self.path = path
    dataStart = 8 + Int(length)
    fileSize = bytes.count
    let text = UnsafeRawBufferPointer(rebasing: bytes[8..<dataStart])
    let value = try JSONParser.parse(text, path: path, base: 8)
    guard let object = value.object else {
      throw .invalid(path, at: 8, "the safetensors header is \(value.kindName), not an object")
    }
    var entries: [SafetensorsEntry] = []
    var metadata: [String: String] = [:]
    for member in object.members {
      if member.key == "__metadata__" {
        metadata = try Self.metadata(member.value, path: path)
      } else {
        entries.append(
          try Self.entry(member.key, member.value, path: path, dataStart: dataStart, fileSize: fileSize))
      }
    }
    self.entries = entries
    self.metadata = metadata
    try checkCoverage()
  }

  private static func metadata(
    _ value: JSON, path: String
  ) throws(FileError) -> [String: String] {
    guard let object = value.object else {
      throw .invalid(path, at: value.byteOffset, "__metadata__ is \(value.kindName), not an object")
    }
    var result: [String: String] = [:]
    for member in object.members {
      guard let text = member.value.string else {
        throw .invalid(
          path, at: member.value.byteOffset, "__metadata__ \"\(member.key)\" is \(member.value.kindName), not a string")
      }
      result[member.key] = text
    }
    return result
  }

  private static func entry(
    _ name: String, _ value: JSON, path: String, dataStart: Int, fileSize: Int
  ) throws(FileError) -> SafetensorsEntry {
    let place = value.byteOffset
    guard let object = value.object, let type = object["dtype"]?.string, let shape = object["shape"]?.integers,
      let offsets = object["data_offsets"]?.integers, offsets.count == 2
    else {
      throw .invalid(path, at: place, "the entry of tensor \"\(name)\" lacks dtype, shape or two data_offsets")
    }
    guard let size = elementSizes[type] else {
      throw .unsupported(
        path, at: place, "tensor \"\(name)\" has the unknown dtype \"\(type)\"",
        remedy: "export the model as F32, F16 or BF16")
    }
    guard let byteCount = CheckedSize.product(shape, times: size) else {
      throw .invalid(path, at: place, "the shape \(shape) of tensor \"\(name)\" is negative or overflows")
    }
    let (begin, end) = (offsets[0], offsets[1])
    guard begin >= 0, end >= begin, end <= fileSize - dataStart else {
      throw .invalid(
        path, at: place,
        "the data_offsets \(offsets) of tensor \"\(name)\" lie outside of the "
          + "\(fileSize - dataStart) bytes of data")
    }
    guard end - begin == byteCount else {
      throw .invalid(
        path, at: place,
        "tensor \"\(name)\" of \(type) and shape \(shape) takes \(byteCount) bytes, but its data_offsets \(offsets) "
          + "span \(end - begin)")
    }
    return SafetensorsEntry(
      name: name, elementType: type, shape: shape, byteRange: dataStart + begin..<dataStart + end,
      elementCount: byteCount / size)
  }

  /// The ranges, sorted, must follow one another from the first byte of data to the last.
  private func checkCoverage() throws(FileError) {
    var position = dataStart
    let sorted = entries.sorted {
      ($0.byteRange.lowerBound, $0.byteRange.upperBound) < ($1.byteRange.lowerBound, $1.byteRange.upperBound)
    }
    for entry in sorted {
      guard entry.byteRange.lowerBound == position else {
        let what = entry.byteRange.lowerBound < position ? "overlaps the tensor before it" : "leaves a gap before it"
        throw .invalid(path, at: entry.byteRange.lowerBound, "the data of tensor \"\(entry.name)\" \(what)")
      }
      position = entry.byteRange.upperBound
    }
    guard position == fileSize else {
      throw .invalid(path, at: position, "\(fileSize - position) bytes follow the last tensor")
    }
  }
}
