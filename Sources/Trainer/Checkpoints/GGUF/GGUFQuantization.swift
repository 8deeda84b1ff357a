extension GGUFTensorType: NumberStorage {
  /// The types that can be written.
  package static let writable: [GGUFTensorType] = [.float32, .float16, .bfloat16, .q8_0]

  /// The writable type of a name as the command line has it: `f32`, `f16`, `bf16` or `q8_0`.
  package init?(named name: String) {
    switch FloatStorage(named: name) {
    case .float32: self = .float32
    case .float16: self = .float16
    case .bfloat16: self = .bfloat16
    case nil:
      guard name.lowercased() == "q8_0" else { return nil }
      self = .q8_0
    }
  }

  /// Writes whole blocks of f32 numbers as this type, which is one of `writable`.
  ///
  /// - Returns: the index of the first number that the type cannot hold, or nil.
  package func narrow(
    _ source: UnsafeBufferPointer<Float>, into destination: UnsafeMutableRawBufferPointer
  ) -> Int? {
    switch self {
    case .float32: return FloatStorage.float32.narrow(source, into: destination)
    case .float16: return FloatStorage.float16.narrow(source, into: destination)
    case .bfloat16: return FloatStorage.bfloat16.narrow(source, into: destination)
    case .q8_0: return Self.narrowQ8_0(source, into: destination)
    default: preconditionFailure("\(name) is read, not written")
    }
  }

  /// Q8_0: the largest magnitude of a block becomes 127 steps of d; each number its nearest multiple of d, halves away
  /// from zero. The operations are the reference's, in their order, so that the bits agree.
  private static func narrowQ8_0(
    _ source: UnsafeBufferPointer<Float>, into destination: UnsafeMutableRawBufferPointer
  ) -> Int? {
    guard let input = source.baseAddress, let output = destination.baseAddress else { return nil }
    for block in 0..<(source.count / 32) {
      let numbers = input + block &* 32
      let bytes = output + block &* 34
      var largest: Float = 0
      for index in 0..<32 {
        guard numbers[index].isFinite else { return block &* 32 &+ index }
        largest = max(largest, abs(numbers[index]))
      }
      let scale = largest / 127
      let half = narrowToHalf(scale)
      guard half & 0x7FFF != 0x7C00 else { return block &* 32 }
      bytes.storeBytes(of: half, as: UInt16.self)
      let inverse = scale == 0 ? 0 : 1 / scale
      for index in 0..<32 {
        // A subnormal scale has an infinite inverse: its numbers are as good as zero.
        let steps = inverse.isFinite ? (numbers[index] * inverse).rounded(.toNearestOrAwayFromZero) : 0
        bytes.storeBytes(of: Int8(clamping: Int(steps)), toByteOffset: 2 &+ index, as: Int8.self)
      }
    }
    return nil
  }
}
