import GPUTensor

/// Blocks of 256 numbers, whose name ends in K: eight or sixteen groups, each with a small scale of its own, which one or
/// two halves for the whole block stretch.
///
/// The bits of the numbers q lie in rows: a byte holds the same bits of 2, 4 or 8 numbers that are 32 (or 64) apart. Each
/// function multiplies the scales first and takes the minimum off last, as the reference does, so that the bits agree.
///
/// - Source: https://github.com/ggml-org/ggml, `dequantize_row_q*_K`.
enum GGUFSuperBlock {
  /// 16 bytes of scales (low nibble) and minima (high nibble) of 16 numbers each, 64 bytes of two-bit q, halves d, m.
  @inline(__always)
  static func widenQ2_K(_ block: UnsafeRawPointer, _ output: UnsafeMutablePointer<Float>) {
    let d = GGUFBlocks.half(block, 80)
    let m = GGUFBlocks.half(block, 82)
    for group in 0..<16 {
      let scales = GGUFBlocks.byte(block, group)
      let scale = d * Float(scales & 15)
      let minimum = m * Float(scales >> 4)
      for index in 0..<16 {
        let (byte, shift) = twoBits(group, index)
        let q = GGUFBlocks.byte(block, 16 &+ byte) &>> shift & 3
        output[group &* 16 &+ index] = scale * Float(q) - minimum
      }
    }
  }

  /// 32 bytes of third bits (clear: 4 less), 64 bytes of two-bit q, 16 six-bit scales in 12 bytes, a half d.
  @inline(__always)
  static func widenQ3_K(_ block: UnsafeRawPointer, _ output: UnsafeMutablePointer<Float>) {
    let d = GGUFBlocks.half(block, 108)
    for group in 0..<16 {
      let low = GGUFBlocks.byte(block, 96 &+ (group & 7)) &>> (group < 8 ? 0 : 4) & 15
      let high = GGUFBlocks.byte(block, 104 &+ (group & 3)) &>> UInt8(group / 4 &* 2) & 3
      let scale = d * Float(Int32(low | (high &<< 4)) &- 32)
      for index in 0..<16 {
        let (byte, shift) = twoBits(group, index)
        let q = Int32(GGUFBlocks.byte(block, 32 &+ byte) &>> shift & 3)
        let third = GGUFBlocks.byte(block, byte & 31) &>> UInt8(group / 2) & 1
        output[group &* 16 &+ index] = scale * Float(q &- (third == 0 ? 4 : 0))
      }
    }
  }

  /// Halves d, m, eight six-bit scales and minima in 12 bytes, 128 bytes of nibbles.
  @inline(__always)
  static func widenQ4_K(_ block: UnsafeRawPointer, _ output: UnsafeMutablePointer<Float>) {
    for group in 0..<8 {
      let (scale, minimum) = sixBitScales(block, group)
      for index in 0..<32 {
        let q = GGUFBlocks.byte(block, 16 &+ group / 2 &* 32 &+ index) &>> (group & 1 == 0 ? 0 : 4) & 15
        output[group &* 32 &+ index] = scale * Float(q) - minimum
      }
    }
  }

  /// Widens a block that is laid out like `Q4_K`, with 32 bytes of fifth bits before the nibbles.
  @inline(__always)
  static func widenQ5_K(_ block: UnsafeRawPointer, _ output: UnsafeMutablePointer<Float>) {
    for group in 0..<8 {
      let (scale, minimum) = sixBitScales(block, group)
      for index in 0..<32 {
        let nibble = GGUFBlocks.byte(block, 48 &+ group / 2 &* 32 &+ index) &>> (group & 1 == 0 ? 0 : 4) & 15
        let fifth = GGUFBlocks.byte(block, 16 &+ index) &>> UInt8(group) & 1
        output[group &* 32 &+ index] = scale * Float(nibble | (fifth &<< 4)) - minimum
      }
    }
  }

  /// 128 bytes of nibbles, 64 bytes of the two bits above them, 16 signed bytes of scales, a half d.
  @inline(__always)
  static func widenQ6_K(_ block: UnsafeRawPointer, _ output: UnsafeMutablePointer<Float>) {
    let d = GGUFBlocks.half(block, 208)
    for group in 0..<16 {
      let scale = d * Float(block.load(fromByteOffset: 192 &+ group, as: Int8.self))
      for index in 0..<16 {
        let (byte, shift) = twoBits(group, index)
        // Of 128 numbers the first 64 have the low nibbles of 64 bytes, the others the high ones.
        let position = (group & 7) &* 16 &+ index
        let nibble = GGUFBlocks.byte(block, group / 8 &* 64 &+ (position & 63)) &>> (position < 64 ? 0 : 4) & 15
        let upper = GGUFBlocks.byte(block, 128 &+ byte) &>> shift & 3
        output[group &* 16 &+ index] = scale * Float(Int32(nibble | (upper &<< 4)) &- 32)
      }
    }
  }

  /// Byte and shift of the two bits of number `index` of a group of 16. 32 bytes hold 128 numbers.
  @inline(__always)
  private static func twoBits(_ group: Int, _ index: Int) -> (byte: Int, shift: UInt8) {
    (group / 8 &* 32 &+ (group & 1) &* 16 &+ index, UInt8(((group & 7) &>> 1) &* 2))
  }

  /// Scale and minimum of a group of 32, d and m multiplied in: six bits each, whose upper two are kept, for the last
  /// four groups, in the upper bits of the first four groups' bytes.
  @inline(__always)
  private static func sixBitScales(_ block: UnsafeRawPointer, _ group: Int) -> (scale: Float, minimum: Float) {
    let first = GGUFBlocks.byte(block, 4 &+ (group & 3))
    let second = GGUFBlocks.byte(block, 8 &+ (group & 3))
    let third = GGUFBlocks.byte(block, 12 &+ (group & 3))
    let scale = group < 4 ? first & 63 : (third & 15) | ((first >> 2) & 48)
    let minimum = group < 4 ? second & 63 : (third >> 4) | ((second >> 2) & 48)
    return (GGUFBlocks.half(block, 0) * Float(scale), GGUFBlocks.half(block, 2) * Float(minimum))
  }
}
