/// Optimiser moments in 8 bits: a block is the largest magnitude of 256 numbers as a float, and an 8-bit code for each.
///
/// Code 0 is zero. Code c > 0 is 2^(⌊c / 8⌋ − top) · (1 + (c mod 8) / 8), as a fraction of the block's largest
/// magnitude; that one has the code 8 · top. First moments have a sign bit and top 15. Second moments are never
/// negative and have top 31: the square root of their range is the range of first moments.
///
/// Source: 8-bit optimizers via block-wise quantization, arXiv:2110.02861, with codes of an exponent and three mantissa
/// bits, as in FP8 (arXiv:2209.05433), in place of a table: shifts make them.
package struct MomentBlocks: Sendable {
  static let elements = 256
  private static let byteCount = 4 + elements
  /// The least scale of a block; below it the block is stored as zeros, so that no product of a scale and a code is
  /// subnormal.
  private static let leastScale: Float = 1e-28

  private let hasSign: Bool
  private let top: UInt32

  package static let first = MomentBlocks(hasSign: true, top: 15)
  package static let second = MomentBlocks(hasSign: false, top: 31)

  private var baseBits: UInt32 { (127 - top) << 23 }
  /// The bit pattern of code 1's value.
  private var leastBits: UInt32 { baseBits + 1 << 20 }

  static func byteCount(_ count: Int) -> Int { (count + elements - 1) / elements * byteCount }

  // MARK: - One number

  private func magnitude(_ code: UInt32) -> Float { code == 0 ? 0 : Float(bitPattern: code << 20 + baseBits) }

  private func value(_ code: UInt8, scale: Float) -> Float {
    let code = UInt32(code)
    guard hasSign else { return magnitude(code) * scale }
    return (code & 0x80 == 0 ? 1 : -1) * (magnitude(code & 0x7F) * scale)
  }

  /// - Parameter noise: 16 random bits for stochastic rounding, as in `kernels/adamw.cl`; 1 << 15 rounds to nearest.
  private func code(_ value: Float, scale: Float, noise: UInt32) -> UInt8 {
    guard scale > 0 else { return 0 }
    let share = abs(value) < scale ? abs(value) / scale : 1
    let bits = share.bitPattern
    let code: UInt32
    if bits < leastBits {
      code = UInt32(share * (65536 / Float(bitPattern: leastBits))) > noise ? 1 : 0
    } else {
      code = (bits - baseBits + noise << 4) >> 20
    }
    return UInt8(code) | (hasSign && value.sign == .minus ? 0x80 : 0)
  }

  private static func scale(_ largest: Float) -> Float { largest < leastScale ? 0 : largest }

  // MARK: - Blocks

  func encode(_ values: UnsafeBufferPointer<Float>) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Self.byteCount(values.count))
    bytes.withUnsafeMutableBytes { bytes in
      for first in stride(from: 0, to: values.count, by: Self.elements) {
        let range = first..<min(values.count, first + Self.elements)
        let scale = Self.scale(BlockScale.absmax(values, range))
        let place = first / Self.elements * Self.byteCount
        bytes.storeBytes(of: scale, toByteOffset: place, as: Float.self)
        guard scale.isFinite else { continue }
        for index in range { bytes[place + 4 + index - first] = code(values[index], scale: scale, noise: 1 << 15) }
      }
    }
    return bytes
  }

  func decode(_ bytes: UnsafeRawBufferPointer, into values: UnsafeMutableBufferPointer<Float>) {
    for index in values.indices {
      let place = index / Self.elements * Self.byteCount
      let scale = bytes.loadUnaligned(fromByteOffset: place, as: Float.self)
      values[index] = scale.isFinite ? value(bytes[place + 4 + index % Self.elements], scale: scale) : scale
    }
  }

  /// Rounds one block of numbers to the values of their codes, in place.
  ///
  /// - Parameter noise: 16 random bits for the number at an index.
  func round<S: HostScalar>(_ values: UnsafeMutableBufferPointer<S>, noise: (Int) -> UInt32) {
    let scale = Self.scale(values.reduce(0) { max($0, abs(Float($1))) })
    for index in values.indices {
      values[index] = S(value(code(Float(values[index]), scale: scale, noise: noise(index)), scale: scale))
    }
  }
}
