import Foundation
import Testing

/// Numbers of a safetensors file, written over in place.
enum SafetensorsEdit {
  /// Fills a tensor of float32 with a number, or one row of it.
  static func fill(_ tensor: String, row: Int? = nil, with value: Float, in file: URL) throws {
    var bytes = try Data(contentsOf: file)
    let length = bytes.prefix(8).enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
    let header = try #require(try JSONSerialization.jsonObject(with: bytes[8..<8 + length]) as? [String: Any])
    let entry = try #require(header[tensor] as? [String: Any])
    let offsets = try #require(entry["data_offsets"] as? [Int])
    let columns = try #require(entry["shape"] as? [Int]).dropFirst().reduce(1, *)
    var (start, end) = (8 + length + offsets[0], 8 + length + offsets[1])
    if let row { (start, end) = (start + row * columns * 4, start + (row + 1) * columns * 4) }
    let number = withUnsafeBytes(of: value.bitPattern.littleEndian) { Data($0) }
    for offset in stride(from: start, to: end, by: 4) { bytes.replaceSubrange(offset..<offset + 4, with: number) }
    try bytes.write(to: file)
  }
}
