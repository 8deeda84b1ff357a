/// Conversions of half precision and bfloat16 on bit patterns: integer arithmetic that the compiler vectorises, unlike
/// a library call for each number. Inlinable, so that other modules vectorise it too.

/// The float32 value of a half.
///
/// Shifted into place, exponent and mantissa form a float that is too small by 2^112; the exact multiplication restores
/// it and normalises subnormal halves.
@inlinable @inline(__always)
package func widenHalf(_ half: UInt16) -> Float {
  let magnitude = UInt32(half & 0x7FFF) << 13
  let sign = UInt32(half & 0x8000) << 16
  let scaled = (Float(bitPattern: magnitude) * 0x1p112).bitPattern
  // An exponent of all ones is infinity or NaN; the mantissa is kept.
  let bits = magnitude >= 0x0F80_0000 ? magnitude | 0x7F80_0000 : scaled
  return Float(bitPattern: bits | sign)
}

/// The float32 value of a bfloat16.
@inlinable @inline(__always)
package func widenBFloat(_ brain: UInt16) -> Float {
  Float(bitPattern: UInt32(brain) << 16)
}

/// The half nearest to `value`, ties to even. Larger values become infinity; NaN stays a quiet NaN.
@inlinable @inline(__always)
package func narrowToHalf(_ value: Float) -> UInt16 {
  let sign = UInt16(truncatingIfNeeded: value.bitPattern >> 16) & 0x8000
  let magnitude = value.bitPattern & 0x7FFF_FFFF
  if magnitude > 0x7F80_0000 {
    return sign | 0x7E00 | (UInt16(truncatingIfNeeded: magnitude >> 13) & 0x01FF)
  }
  // 65520 is half way between the largest half and the next power of two: from there on, infinity is nearest.
  if magnitude >= 0x477F_F000 { return sign | 0x7C00 }
  if magnitude < 0x3880_0000 {
    // Below 2^-14, halves are multiples of 2^-24, the spacing of floats in [0.5, 1): the addition rounds.
    let rounded = (Float(bitPattern: magnitude) + 0.5).bitPattern - Float(0.5).bitPattern
    return sign | UInt16(truncatingIfNeeded: rounded)
  }
  let isOdd = (magnitude >> 13) & 1
  let rounded = magnitude &- 0x3800_0000 &+ 0x0FFF &+ isOdd
  return sign | UInt16(truncatingIfNeeded: rounded >> 13)
}

/// The bfloat16 nearest to `value`, ties to even. Larger values become infinity; NaN stays a quiet NaN.
@inlinable @inline(__always)
package func narrowToBFloat(_ value: Float) -> UInt16 {
  let bits = value.bitPattern
  if bits & 0x7FFF_FFFF > 0x7F80_0000 {
    return UInt16(truncatingIfNeeded: bits >> 16) | 0x0040
  }
  let isOdd = (bits >> 16) & 1
  return UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ isOdd) >> 16)
}
