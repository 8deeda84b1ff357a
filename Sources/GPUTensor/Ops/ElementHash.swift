/// Random bits of an element's index, the same on every device and in every order; as in `kernels/prelude/hash.cl`.
///
/// - Source: Wellons's lowbias32 (public domain), applied twice with the key in between.
enum ElementHash {
  /// 32 random bits of an element under a key.
  static func bits(_ element: Int, key: UInt32) -> UInt32 {
    scrambled(scrambled(UInt32(truncatingIfNeeded: element)) ^ key)
  }

  static func scrambled(_ value: UInt32) -> UInt32 {
    var x = value
    x ^= x >> 16
    x &*= 0x7FEB_352D
    x ^= x >> 15
    x &*= 0x846C_A68B
    return x ^ (x >> 16)
  }
}
