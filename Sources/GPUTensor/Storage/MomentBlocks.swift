/// An optimiser's moments in 8 bits: a block is the largest magnitude of 256 numbers in float, and a code for each.
///
/// A code is 0, or 2^(code / 8 − top) · (1 + code % 8 / 8), of the block's largest magnitude, whose own code is 8 · top. First
/// moments have a sign bit and top 15, second moments, which are never negative, top 31: the square root of their range is
/// the range of first moments.
///
/// Source: arXiv:2110.02861 (8-bit optimizers via block-wise quantization), with codes of an exponent and three bits, as in
/// arXiv:2209.05433 (FP8), in place of a table: they are made by shifts.
package struct MomentBlocks: Sendable {
  static let elements = 256
  private static let byteCount = 4 + elements
  /// A block of smaller numbers is zero: none of its products is subnormal.
  private static let leastScale: Float = 1e-28

  private let hasSign: Bool
  private let top: UInt32

  package static let first = MomentBlocks(hasSign: true, top: 15)
  package static let second = MomentBlocks(hasSign: false, top: 31)

  private var baseBits: UInt32 { (127 - top) << 23 }
  /// The bits of code 1.
  private var leastBits: UInt32 { baseBits + 1 << 20 }

  static func byteCount(_ count: Int) -> Int { (count + elements - 1) / elements * byteCount }

  // MARK: - One number

  private func magnitude(_ code: UInt32) -> Float { code == 0 ? 0 : Float(bitPattern: code << 20 + baseBits) }

  private func value(_ code: UInt8, scale: Float) -> Float {
    let code = UInt32(code)
    guard hasSign else { return magnitude(code) * scale }
    return (code & 0x80 == 0 ? 1 : -1) * (magnitude(code & 0x7F) * scale)
  }

  /// - Parameter noise: 16 bits: at random they round as `kernels/adamw.cl` does, and 1 << 15 rounds to the nearest.
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

  /// Rounds a block of numbers to what its codes stand for.
  ///
  /// - Parameter noise: of each number, 16 bits.
  func round<S: HostScalar>(_ values: UnsafeMutableBufferPointer<S>, noise: (Int) -> UInt32) {
    let scale = Self.scale(values.reduce(0) { max($0, abs(Float($1))) })
    for index in values.indices {
      values[index] = S(value(code(Float(values[index]), scale: scale, noise: noise(index)), scale: scale))
    }
  }
}
