import GPUTensor

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
    case .q8_0: return GGUFBlocks.encodeQ8_0(source, into: destination)
    default: preconditionFailure("\(name) is read, not written")
    }
  }
}
