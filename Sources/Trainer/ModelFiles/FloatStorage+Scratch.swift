extension FloatStorage {
  /// Hands `source` to `body` as f32: in place where the bytes are aligned floats already, else through a copy.
  func withWidened<R>(
    _ source: UnsafeRawBufferPointer, _ body: (UnsafeBufferPointer<Float>) throws -> R
  ) throws -> R {
    let count = source.count / byteCount
    if self == .float32, let address = source.baseAddress,
      UInt(bitPattern: address).isMultiple(of: UInt(MemoryLayout<Float>.alignment))
    {
      return try body(UnsafeBufferPointer(start: address.assumingMemoryBound(to: Float.self), count: count))
    }
    return try withFloatScratch(count) { scratch in
      widen(source, into: scratch)
      return try body(UnsafeBufferPointer(scratch))
    }
  }
}
