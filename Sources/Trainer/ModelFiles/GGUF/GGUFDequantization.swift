import GPUTensor

extension GGUFTensorType {
  /// Widens blocks to f32, with the operations and their order of the reference, so that the bits agree.
  ///
  /// For `Q8_0`, `Q4_0` and `Q4_1`, see `GGUFBlocks`. `Q5_0` and `Q5_1` are as the latter two, with the fifth bits of all
  /// q in four bytes before the nibbles: number = (q − 16) d and q d + m. For the types whose name ends in K, see
  /// `GGUFSuperBlock`.
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
    case .q8_0: GGUFBlocks.decodeQ8_0(source, into: destination)
    case .q4_0: GGUFBlocks.decodeQ4_0(source, into: destination)
    case .q4_1: GGUFBlocks.decodeQ4_1(source, into: destination)
    case .q5_0:
      for block in 0..<blocks { Self.widenQ5_0(input + block &* 22, output + block &* 32) }
    case .q5_1:
      for block in 0..<blocks { Self.widenQ5_1(input + block &* 24, output + block &* 32) }
    case .q2_K:
      for block in 0..<blocks { GGUFSuperBlock.widenQ2_K(input + block &* 84, output + block &* 256) }
    case .q3_K:
      for block in 0..<blocks { GGUFSuperBlock.widenQ3_K(input + block &* 110, output + block &* 256) }
    case .q4_K:
      for block in 0..<blocks { GGUFSuperBlock.widenQ4_K(input + block &* 144, output + block &* 256) }
    case .q5_K:
      for block in 0..<blocks { GGUFSuperBlock.widenQ5_K(input + block &* 176, output + block &* 256) }
    case .q6_K:
      for block in 0..<blocks { GGUFSuperBlock.widenQ6_K(input + block &* 210, output + block &* 256) }
    }
  }

  @inline(__always)
  private static func widenQ5_0(_ block: UnsafeRawPointer, _ output: UnsafeMutablePointer<Float>) {
    let scale = GGUFBlocks.half(block, 0)
    let fifth = block.loadUnaligned(fromByteOffset: 2, as: UInt32.self)
    for index in 0..<16 {
      let pair = UInt32(GGUFBlocks.byte(block, 6 &+ index))
      let low = pair & 15 | ((fifth &>> UInt32(index)) & 1) &<< 4
      let high = pair &>> 4 | ((fifth &>> UInt32(index &+ 16)) & 1) &<< 4
      output[index] = Float(Int32(low) &- 16) * scale
      output[index &+ 16] = Float(Int32(high) &- 16) * scale
    }
  }

  @inline(__always)
  private static func widenQ5_1(_ block: UnsafeRawPointer, _ output: UnsafeMutablePointer<Float>) {
    let scale = GGUFBlocks.half(block, 0)
    let minimum = GGUFBlocks.half(block, 2)
    let fifth = block.loadUnaligned(fromByteOffset: 4, as: UInt32.self)
    for index in 0..<16 {
      let pair = UInt32(GGUFBlocks.byte(block, 8 &+ index))
      let low = pair & 15 | ((fifth &>> UInt32(index)) & 1) &<< 4
      let high = pair &>> 4 | ((fifth &>> UInt32(index &+ 16)) & 1) &<< 4
      output[index] = Float(low) * scale + minimum
      output[index &+ 16] = Float(high) * scale + minimum
    }
  }
}
