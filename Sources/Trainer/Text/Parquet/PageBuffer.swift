internal import CZlib
internal import CZstd
import Glibc

/// The bytes of a page, or of a buffer of Arrow's, decompressed where they were compressed.
///
/// The size that a page states is bounded before memory is taken, and memory is taken as bytes come, so that a file of
/// some kilobytes cannot ask for gigabytes.
final class PageBuffer {
  /// Most bytes of a page once decompressed; writers aim at one mebibyte, but a page holds at least a row.
  static let byteLimit = 1 << 30

  /// The content. Valid as long as this object, and the file where it is not compressed, live.
  private(set) var bytes: UnsafeRawBufferPointer
  private var owned: UnsafeMutableRawPointer?

  /// A page that is not compressed: the file's own bytes.
  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  deinit { free(owned) }

  /// Decompresses a page of `count` bytes.
  ///
  /// - Parameter codec: number of the compression in the format.
  init(_ input: UnsafeRawBufferPointer, codec: Int, count: Int) throws(ColumnFault) {
    bytes = UnsafeRawBufferPointer(start: nil, count: 0)
    guard count <= Self.byteLimit else {
      throw .unsupported(
        "a page of \(count) bytes, where at most \(Self.byteLimit) are read", remedy: "write it with smaller row groups"
      )
    }
    switch codec {
    case 0:
      guard input.count == count else { throw .damaged("a page of \(count) bytes has \(input.count) in the file") }
      bytes = input
    case 1:
      guard count / SnappyBlock.mostExpansion <= input.count else {
        throw .damaged("a Snappy block of \(input.count) bytes cannot hold \(count)")
      }
      try grow(to: count)
      try SnappyBlock.decode(input, into: UnsafeMutableRawBufferPointer(start: owned, count: count))
      bytes = UnsafeRawBufferPointer(start: owned, count: count)
    case 2: try inflate(input, count: count)
    case 6: try decompressZstandard(input, count: count)
    default:
      let names = [3: "LZO", 4: "Brotli", 5: "LZ4", 7: "LZ4"]
      throw .unsupported(
        "\(names[codec] ?? "the unknown compression \(codec)") is not read",
        remedy: "write it again with compression='zstd' of pyarrow.parquet.write_table")
    }
  }

  /// Decompresses an LZ4 frame of `count` bytes.
  init(lz4Frame input: UnsafeRawBufferPointer, count: Int) throws(ColumnFault) {
    bytes = UnsafeRawBufferPointer(start: nil, count: 0)
    guard count <= Self.byteLimit, count / LZ4Frame.mostExpansion <= input.count else {
      throw .damaged("an LZ4 frame of \(input.count) bytes cannot hold \(count)")
    }
    try grow(to: count)
    try LZ4Frame.decode(input, into: UnsafeMutableRawBufferPointer(start: owned, count: count))
    bytes = UnsafeRawBufferPointer(start: owned, count: count)
  }

  // MARK: - Memory that grows

  private func grow(to capacity: Int) throws(ColumnFault) {
    guard let grown = realloc(owned, max(capacity, 1)) else {
      throw ColumnFault(
        kind: .inputOutput, problem: "there is no memory for a page of \(capacity) bytes", remedy: "free some memory")
    }
    owned = grown
  }

  /// Calls `step` with the free part of the memory, which grows up to `count` bytes, until it is done; then the content
  /// must have `count` bytes.
  ///
  /// - Parameter step: decodes some bytes; returns how many it wrote, and true where the data have ended.
  private func fill(
    _ count: Int, inputCount: Int, _ step: (UnsafeMutableRawBufferPointer) throws(ColumnFault) -> (Int, Bool)
  ) throws(ColumnFault) {
    var capacity = min(count, max(1 << 16, 4 * inputCount))
    var written = 0
    try grow(to: capacity)
    while true {
      if written == capacity, capacity < count {
        capacity = min(count, 2 * capacity)
        try grow(to: capacity)
      }
      guard let owned else { break }
      let free = UnsafeMutableRawBufferPointer(start: owned + written, count: capacity - written)
      let (added, isDone) = try step(free)
      written += added
      if isDone { break }
      guard added > 0 || written < capacity else { throw .damaged("the compressed data hold more than \(count) bytes") }
    }
    guard written == count else { throw .damaged("the compressed data hold \(written) of \(count) bytes") }
    bytes = UnsafeRawBufferPointer(start: owned, count: count)
  }

  // MARK: - gzip and Zstandard

  private func inflate(_ input: UnsafeRawBufferPointer, count: Int) throws(ColumnFault) {
    // On the heap: zlib remembers the address of its stream and refuses another.
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    stream.initialize(to: z_stream())
    defer {
      inflateEnd(stream)
      stream.deallocate()
    }
    // zlib's windowBits: 15 for the largest window, 32 more to tell gzip from zlib by the header.
    guard inflateInit2_(stream, 15 + 32, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      throw ColumnFault(kind: .inputOutput, problem: "zlib cannot start", remedy: "free some memory")
    }
    let source = UnsafeMutableRawBufferPointer(mutating: input).assumingMemoryBound(to: Bytef.self)
    stream.pointee.next_in = source.baseAddress
    stream.pointee.avail_in = uInt(clamping: source.count)
    try fill(count, inputCount: input.count) { free throws(ColumnFault) in
      // Without room zlib still reads the end of its data, where no byte is left to write.
      stream.pointee.next_out = free.assumingMemoryBound(to: Bytef.self).baseAddress
      stream.pointee.avail_out = uInt(free.count)
      let status = CZlib.inflate(stream, Z_NO_FLUSH)
      let written = free.count - Int(stream.pointee.avail_out)
      switch status {
      case Z_STREAM_END: return (written, true)
      case Z_OK: return (written, false)
      case Z_BUF_ERROR where stream.pointee.avail_in > 0 && free.isEmpty:
        throw .damaged("the gzip data hold more than \(count) bytes")
      default: throw .damaged("the gzip data are damaged")
      }
    }
  }

  private func decompressZstandard(_ input: UnsafeRawBufferPointer, count: Int) throws(ColumnFault) {
    guard let stream = ZSTD_createDStream() else {
      throw ColumnFault(kind: .inputOutput, problem: "Zstandard cannot start", remedy: "free some memory")
    }
    defer { ZSTD_freeDStream(stream) }
    var source = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
    try fill(count, inputCount: input.count) { free throws(ColumnFault) in
      var target = ZSTD_outBuffer(dst: free.baseAddress, size: free.count, pos: 0)
      let before = source.pos
      let status = ZSTD_decompressStream(stream, &target, &source)
      guard ZSTD_isError(status) == 0 else {
        throw .damaged("the Zstandard data are damaged (\(String(cString: ZSTD_getErrorName(status))))")
      }
      // 0 at the end of a frame; another one may follow.
      if status == 0, source.pos == source.size { return (target.pos, true) }
      guard target.pos > 0 || source.pos > before else {
        throw .damaged(
          free.isEmpty ? "the Zstandard data hold more than \(count) bytes" : "the Zstandard data are cut short")
      }
      return (target.pos, false)
    }
  }
}

/// Compares a page's bytes in the file with its CRC-32.
func checkPage(_ bytes: UnsafeRawBufferPointer, checksum: UInt32) throws(ColumnFault) {
  let found = crc32_z(0, bytes.assumingMemoryBound(to: Bytef.self).baseAddress, bytes.count)
  guard UInt32(truncatingIfNeeded: found) == checksum else {
    throw .damaged("a page's bytes do not have the checksum in its header")
  }
}
