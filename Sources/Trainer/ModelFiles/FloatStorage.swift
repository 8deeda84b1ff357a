import GPUTensor

/// Form of a tensor's numbers in a file, in which a model can be saved.
package enum FloatStorage: String, Sendable, CaseIterable {
  /// IEEE 754 single precision.
  case float32 = "F32"
  /// IEEE 754 half precision.
  case float16 = "F16"
  /// The upper half of a single: eight bits of exponent, seven of mantissa.
  case bfloat16 = "BF16"

  /// The storage of a name as the command line (`f32`, `f16`, `bf16`), safetensors (`F32`) or torch (`float32`) has it.
  package init?(named name: String) {
    switch name.lowercased() {
    case "f32", "fp32", "float32": self = .float32
    case "f16", "fp16", "float16", "half": self = .float16
    case "bf16", "bfloat16": self = .bfloat16
    default: return nil
    }
  }

  /// Bytes of one number.
  package var byteCount: Int { self == .float32 ? 4 : 2 }

  /// The name in config.json (`torch_dtype`).
  package var torchName: String {
    switch self {
    case .float32: "float32"
    case .float16: "float16"
    case .bfloat16: "bfloat16"
    }
  }

  /// Widens numbers to f32. `source` may stand at any address.
  ///
  /// - Parameters:
  ///   - source: `count * byteCount` little-endian bytes.
  ///   - destination: room for `count` floats.
  package func widen(_ source: UnsafeRawBufferPointer, into destination: UnsafeMutableBufferPointer<Float>) {
    precondition(source.count == destination.count * byteCount, "source and destination differ in length")
    guard let input = source.baseAddress, let output = destination.baseAddress else { return }
    switch self {
    case .float32:
      UnsafeMutableRawPointer(output).copyMemory(from: input, byteCount: source.count)
    case .float16:
      for index in 0..<destination.count {
        output[index] = widenHalf(input.loadUnaligned(fromByteOffset: index &* 2, as: UInt16.self))
      }
    case .bfloat16:
      for index in 0..<destination.count {
        output[index] = widenBFloat(input.loadUnaligned(fromByteOffset: index &* 2, as: UInt16.self))
      }
    }
  }

  /// Narrows f32 numbers, to nearest, ties to even.
  ///
  /// - Returns: the index of the first finite number that is too large for this storage, or nil. What follows it is
  ///   then not converted.
  package func narrow(
    _ source: UnsafeBufferPointer<Float>, into destination: UnsafeMutableRawBufferPointer
  ) -> Int? {
    precondition(destination.count == source.count * byteCount, "source and destination differ in length")
    guard let input = source.baseAddress, let output = destination.baseAddress else { return nil }
    switch self {
    case .float32:
      output.copyMemory(from: UnsafeRawPointer(input), byteCount: destination.count)
    case .float16:
      for index in 0..<source.count {
        let half = narrowToHalf(input[index])
        if half & 0x7FFF == 0x7C00, input[index].isFinite { return index }
        output.storeBytes(of: half, toByteOffset: index &* 2, as: UInt16.self)
      }
    case .bfloat16:
      for index in 0..<source.count {
        let brain = narrowToBFloat(input[index])
        if brain & 0x7FFF == 0x7F80, input[index].isFinite { return index }
        output.storeBytes(of: brain, toByteOffset: index &* 2, as: UInt16.self)
      }
    }
    return nil
  }
}
