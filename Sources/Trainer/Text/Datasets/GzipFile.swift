internal import CZlib
import Foundation
import Kernels

/// gzip (RFC 1952) → the bytes that it holds; several members, one after the other, are read as one.
///
/// The result grows as it is decoded; no size that the file states is believed. Deflate expands at most 1,032 times, so
/// a hostile file of 4 KiB ends at 4 MiB; a larger one is stopped at `byteLimit`.
package enum GzipFile {
  /// zlib's `windowBits`: 15 for the largest window, 16 more for gzip's header and checksum.
  private static let windowBits: Int32 = 15 + 16
  private static let outputPieceBytes = 1 << 18
  /// zlib counts its input in 32 bits.
  private static let inputPieceBytes = 1 << 20

  /// Zeros that tapes and block devices leave behind the last member.
  private static let paddingLimit = 1 << 20

  /// Most decoded bytes: half of the memory that this process may have, since the rows and their tokens need room too.
  package static var byteLimit: Int { MachineMemory.current.installedBytes / 2 }

  static func begins(_ bytes: UnsafeRawBufferPointer) -> Bool { bytes.prefix(2).elementsEqual([0x1F, 0x8B]) }

  /// Decodes a gzip file.
  ///
  /// - Parameters:
  ///   - path: the file's, for errors.
  ///   - limit: most bytes of the result.
  package static func contents(
    _ bytes: UnsafeRawBufferPointer, path: String, limit: Int = byteLimit
  ) throws(DatasetError) -> Data {
    // On the heap: zlib remembers the address of its stream and refuses another.
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    stream.initialize(to: z_stream())
    let piece = UnsafeMutablePointer<Bytef>.allocate(capacity: outputPieceBytes)
    defer {
      inflateEnd(stream)
      stream.deallocate()
      piece.deallocate()
    }
    guard inflateInit2_(stream, windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      throw DatasetError(place: path, message: "zlib cannot start: free some memory", exitCode: 74)
    }
    var output = Data()
    var position = 0
    repeat {
      let rest = UnsafeRawBufferPointer(rebasing: bytes[position...])
      guard begins(rest) else {
        throw DatasetError(
          place: path,
          message: position == 0
            ? "is not gzip, as its name says: rename it, or compress it with gzip"
            : "byte \(position): what follows the gzip data is none: the file was damaged or appended to")
      }
      inflateReset(stream)
      try readMember(stream, of: bytes, at: &position, piece: piece, into: &output, path: path, limit: limit)
    } while bytes.count - position > paddingLimit || !bytes[position...].allSatisfy { $0 == 0 }
    return output
  }

  /// Decodes one member; zlib compares its checksum and length.
  private static func readMember(
    _ stream: UnsafeMutablePointer<z_stream>, of bytes: UnsafeRawBufferPointer, at position: inout Int,
    piece: UnsafeMutablePointer<Bytef>, into output: inout Data, path: String, limit: Int
  ) throws(DatasetError) {
    while true {
      let input = UnsafeMutableRawBufferPointer(mutating: bytes)[position...].prefix(inputPieceBytes)
      stream.pointee.next_in = UnsafeMutableRawBufferPointer(rebasing: input).bindMemory(to: Bytef.self).baseAddress
      stream.pointee.avail_in = uInt(input.count)
      stream.pointee.next_out = piece
      stream.pointee.avail_out = uInt(outputPieceBytes)
      let status = inflate(stream, Z_NO_FLUSH)
      position += input.count - Int(stream.pointee.avail_in)
      let count = outputPieceBytes - Int(stream.pointee.avail_out)
      guard output.count + count <= limit else {
        throw DatasetError(
          place: path,
          message:
            "holds more than \(limit) bytes once decoded, half of the memory that this process may have: decode it "
            + "with gunzip, since a plain file is read from the disk as it is needed")
      }
      output.append(piece, count: count)
      switch status {
      case Z_STREAM_END: return
      case Z_OK: continue
      case Z_BUF_ERROR:
        throw DatasetError(
          place: path, message: "ends at byte \(position), within its gzip data: the file is cut short; copy it again")
      default:
        let reason = stream.pointee.msg.map { " (\(String(cString: $0)))" } ?? ""
        throw DatasetError(
          place: path, message: "byte \(position): the gzip data is damaged\(reason): copy or compress it again")
      }
    }
  }
}
