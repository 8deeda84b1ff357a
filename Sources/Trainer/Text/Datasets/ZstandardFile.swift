internal import CZstd
import Foundation
import Kernels

/// Zstandard (RFC 8878) → the bytes that it holds; several frames, one after the other, are read as one, and skippable
/// frames are passed over.
///
/// The result grows as it is decoded; no size that the file states is believed. A hostile file of some kilobytes can hold
/// gigabytes, and is stopped at `byteLimit`. A frame that asks for a window of more than 128 MiB is refused.
package enum ZstandardFile {
  private static let outputPieceBytes = 1 << 18

  /// Most decoded bytes: half of the memory that this process may have, since the rows and their tokens need room too.
  package static var byteLimit: Int { MachineMemory.current.installedBytes / 2 }

  /// True for bytes that begin with a frame.
  static func begins(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.prefix(4).elementsEqual([0x28, 0xB5, 0x2F, 0xFD])
  }

  /// True for bytes that begin with a frame to pass over.
  private static func beginsSkippable(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.count >= 4 && bytes[0] & 0xF0 == 0x50 && bytes[1..<4].elementsEqual([0x2A, 0x4D, 0x18])
  }

  /// Decodes a file.
  ///
  /// - Parameters:
  ///   - path: the file's, for errors.
  ///   - limit: most bytes of the result.
  package static func contents(
    _ bytes: UnsafeRawBufferPointer, path: String, limit: Int = byteLimit
  ) throws(DatasetError) -> Data {
    guard begins(bytes) || beginsSkippable(bytes) else {
      throw DatasetError(
        place: path, message: "is not Zstandard, as its name says: rename it, or compress it with zstd")
    }
    guard let stream = ZSTD_createDStream() else {
      throw DatasetError(place: path, message: "Zstandard cannot start: free some memory", exitCode: 74)
    }
    let piece = UnsafeMutableRawPointer.allocate(byteCount: outputPieceBytes, alignment: 16)
    defer {
      ZSTD_freeDStream(stream)
      piece.deallocate()
    }
    // 2^27 bytes: the most that zstd itself decodes unless it is told otherwise.
    ZSTD_DCtx_setParameter(stream, ZSTD_d_windowLogMax, 27)
    var output = Data()
    var source = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
    while true {
      var target = ZSTD_outBuffer(dst: piece, size: outputPieceBytes, pos: 0)
      let before = source.pos
      let status = ZSTD_decompressStream(stream, &target, &source)
      guard ZSTD_isError(status) == 0 else {
        throw DatasetError(place: path, message: fault(status, at: source.pos))
      }
      guard output.count + target.pos <= limit else {
        throw DatasetError(
          place: path,
          message:
            "holds more than \(limit) bytes once decoded, half of the memory that this process may have: decode it "
            + "with unzstd, since a plain file is read from the disk as it is needed")
      }
      output.append(piece.assumingMemoryBound(to: UInt8.self), count: target.pos)
      // 0 at the end of a frame; another one may follow.
      if status == 0, source.pos == source.size { return output }
      guard target.pos > 0 || source.pos > before else {
        throw DatasetError(
          place: path,
          message: "ends at byte \(source.pos), within its Zstandard data: the file is cut short; copy it again")
      }
    }
  }

  private static func fault(_ status: Int, at byte: Int) -> String {
    if ZSTD_getErrorCode(status) == ZSTD_error_frameParameter_windowTooLarge {
      return "byte \(byte): the Zstandard data ask for a window of more than 128 MiB (zstd --long): decode it with "
        + "unzstd --long=31"
    }
    let reason = String(cString: ZSTD_getErrorName(status))
    return "byte \(byte): the Zstandard data are damaged (\(reason)): copy or compress the file again"
  }
}
