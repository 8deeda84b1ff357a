/// GGUF's blocks of 32 numbers. `Q8_0`: a half d and 32 signed bytes q; number = q·d. `Q4_0`: a half d and 16 bytes,
/// low nibbles first; number = (q − 8)·d. `Q4_1`: halves d and m and 16 bytes likewise; number = q·d + m.
///
/// Operations and their order are the reference's, so that the bits agree.
///
/// - Source: https://github.com/ggml-org/ggml, `dequantize_row_*`.
package enum GGUFBlocks {
  private static let elements = 32

  static func byteCount(_ count: Int, _ type: DType) -> Int {
    let block = type == .q8_0 ? 34 : type == .q4_0 ? 18 : 20
    return (count + elements - 1) / elements * block
  }

  /// The half at a byte offset, aligned or not, as a float.
  @inlinable @inline(__always)
  package static func half(_ block: UnsafeRawPointer, _ offset: Int) -> Float {
    widenHalf(block.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
  }

  /// The byte at an offset.
  @inlinable @inline(__always)
  package static func byte(_ block: UnsafeRawPointer, _ offset: Int) -> UInt8 {
    block.load(fromByteOffset: offset, as: UInt8.self)
  }

  package static func decodeQ8_0(_ bytes: UnsafeRawBufferPointer, into values: UnsafeMutableBufferPointer<Float>) {
    guard let input = bytes.baseAddress, let output = values.baseAddress else { return }
    for block in 0..<values.count / elements {
      let (source, target) = (input + block &* 34, output + block &* elements)
      let scale = half(source, 0)
      for index in 0..<elements {
        target[index] = Float(source.load(fromByteOffset: 2 &+ index, as: Int8.self)) * scale
      }
    }
  }

  package static func decodeQ4_0(_ bytes: UnsafeRawBufferPointer, into values: UnsafeMutableBufferPointer<Float>) {
    guard let input = bytes.baseAddress, let output = values.baseAddress else { return }
    for block in 0..<values.count / elements {
      let (source, target) = (input + block &* 18, output + block &* elements)
      let scale = half(source, 0)
      for index in 0..<16 {
        let pair = source.load(fromByteOffset: 2 &+ index, as: UInt8.self)
        target[index] = Float(Int8(truncatingIfNeeded: pair & 15) &- 8) * scale
        target[index &+ 16] = Float(Int8(truncatingIfNeeded: pair >> 4) &- 8) * scale
      }
    }
  }

  package static func decodeQ4_1(_ bytes: UnsafeRawBufferPointer, into values: UnsafeMutableBufferPointer<Float>) {
    guard let input = bytes.baseAddress, let output = values.baseAddress else { return }
    for block in 0..<values.count / elements {
      let (source, target) = (input + block &* 20, output + block &* elements)
      let (scale, minimum) = (half(source, 0), half(source, 2))
      for index in 0..<16 {
        let pair = source.load(fromByteOffset: 4 &+ index, as: UInt8.self)
        target[index] = Float(pair & 15) * scale + minimum
        target[index &+ 16] = Float(pair >> 4) * scale + minimum
      }
    }
  }

  /// Encodes Q8_0: d is a block's largest magnitude / 127; each number is rounded to a multiple of d, halves away from
  /// zero.
  ///
  /// - Returns: the index of the first number that is not finite, or of the first block whose d is too large for a
  ///   half; nil where all is encoded.
  package static func encodeQ8_0(
    _ source: UnsafeBufferPointer<Float>, into destination: UnsafeMutableRawBufferPointer
  ) -> Int? {
    guard let input = source.baseAddress, let output = destination.baseAddress else { return nil }
    for block in 0..<(source.count / elements) {
      let numbers = input + block &* elements
      let bytes = output + block &* 34
      var largest: Float = 0
      for index in 0..<elements {
        guard numbers[index].isFinite else { return block &* elements &+ index }
        largest = max(largest, abs(numbers[index]))
      }
      let scale = largest / 127
      let half = narrowToHalf(scale)
      guard half & 0x7FFF != 0x7C00 else { return block &* elements }
      bytes.storeBytes(of: half, as: UInt16.self)
      let inverse = scale == 0 ? 0 : 1 / scale
      for index in 0..<elements {
        // The inverse of a subnormal scale may be infinite: the block is stored as zeros.
        let steps = inverse.isFinite ? (numbers[index] * inverse).rounded(.toNearestOrAwayFromZero) : 0
        bytes.storeBytes(of: Int8(clamping: Int(steps)), toByteOffset: 2 &+ index, as: Int8.self)
      }
    }
    return nil
  }
}
