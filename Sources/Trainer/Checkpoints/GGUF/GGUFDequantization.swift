extension GGUFTensorType {
  /// Widens blocks to f32, with the operations and their order of the reference, so that the bits agree.
  ///
  /// A block is 32 numbers: `Q8_0` a half d and 32 signed bytes q, number = q d; `Q4_0` a half d and 16 bytes, the low
  /// nibbles first, number = (q − 8) d; `Q4_1` halves d and m and 16 bytes, number = q d + m.
  ///
  /// - Parameters:
  ///   - source: whole blocks, at any address.
  ///   - destination: room for their numbers.
  /// - Source: https://github.com/ggml-org/ggml, `dequantize_row_*`.
  package func widen(_ source: UnsafeRawBufferPointer, into destination: UnsafeMutableBufferPointer<Float>) {
    let blocks = destination.count / blockCount
    precondition(blocks * blockCount == destination.count, "whole blocks only")
    precondition(blocks * blockByteCount == source.count, "source and destination differ in length")
    guard let input = source.baseAddress, let output = destination.baseAddress else { return }
    switch self {
    case .float32: FloatStorage.float32.widen(source, into: destination)
    case .float16: FloatStorage.float16.widen(source, into: destination)
    case .bfloat16: FloatStorage.bfloat16.widen(source, into: destination)
    case .q8_0:
      for block in 0..<blocks { Self.widenQ8_0(input + block &* 34, output + block &* 32) }
    case .q4_0:
      for block in 0..<blocks { Self.widenQ4_0(input + block &* 18, output + block &* 32) }
    case .q4_1:
      for block in 0..<blocks { Self.widenQ4_1(input + block &* 20, output + block &* 32) }
    }
  }

  @inline(__always)
  private static func half(_ address: UnsafeRawPointer, _ offset: Int) -> Float {
    widenHalf(address.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
  }

  @inline(__always)
  private static func widenQ8_0(_ block: UnsafeRawPointer, _ output: UnsafeMutablePointer<Float>) {
    let scale = half(block, 0)
    for index in 0..<32 {
      output[index] = Float(block.load(fromByteOffset: 2 &+ index, as: Int8.self)) * scale
    }
  }

  @inline(__always)
  private static func widenQ4_0(_ block: UnsafeRawPointer, _ output: UnsafeMutablePointer<Float>) {
    let scale = half(block, 0)
    for index in 0..<16 {
      let pair = block.load(fromByteOffset: 2 &+ index, as: UInt8.self)
      output[index] = Float(Int8(truncatingIfNeeded: pair & 15) &- 8) * scale
      output[index &+ 16] = Float(Int8(truncatingIfNeeded: pair >> 4) &- 8) * scale
    }
  }

  @inline(__always)
  private static func widenQ4_1(_ block: UnsafeRawPointer, _ output: UnsafeMutablePointer<Float>) {
    let scale = half(block, 0)
    let minimum = half(block, 2)
    for index in 0..<16 {
      let pair = block.load(fromByteOffset: 4 &+ index, as: UInt8.self)
      output[index] = Float(pair & 15) * scale + minimum
      output[index &+ 16] = Float(pair >> 4) * scale + minimum
    }
  }
}
