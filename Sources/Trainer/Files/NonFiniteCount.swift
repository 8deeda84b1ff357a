/// The numbers of a weight that are none: NaN and infinities. Everything computed from one is NaN as well, so a weight
/// that holds any is refused on its way to a device or a file.
struct NonFiniteCount {
  private var nan = 0
  private var infinite = 0
  /// The index of the first of them in the weight.
  private var first: Int?

  /// Counts those among numbers of the weight.
  ///
  /// - Parameter offset: the index of the first number in the weight.
  mutating func add(_ floats: UnsafeBufferPointer<Float>, at offset: Int = 0) {
    guard !Self.areFinite(floats) else { return }
    for (index, float) in floats.enumerated() where !float.isFinite {
      first = first ?? offset + index
      if float.isNaN { nan += 1 } else { infinite += 1 }
    }
  }

  /// True where every number is finite. One pass without a branch, which the compiler vectorises: it costs as much as
  /// reading the memory.
  static func areFinite(_ floats: UnsafeBufferPointer<Float>) -> Bool {
    // Of all exponents only that of NaN and infinity, all ones, carries into the sign's place when one is added.
    var carried: UInt32 = 0
    for float in floats { carried |= (float.bitPattern & 0x7F80_0000) &+ 0x0080_0000 }
    return carried >> 31 == 0
  }

  /// Refuses the weight where any was counted.
  ///
  /// - Parameters:
  ///   - name: of the weight.
  ///   - path: of its file.
  func check(_ name: String, path: String) throws(FileError) {
    guard let first else { return }
    throw .invalid(
      path,
      "tensor \"\(name)\" holds \(nan) NaN and \(infinite) infinite numbers, the first at index \(first), and nothing "
        + "can be computed with them",
      remedy: "download or export it again; as bf16 or f32, where it held numbers that f16 cannot")
  }
}
