import GPUTensor

/// Storage of a base's frozen weights on the device (`base.dtype`). Vectors are always float32.
package enum BaseStorage: String, Sendable, CaseIterable {
  /// float32, the only storage whose weights can be trained.
  case fp32
  case bf16
  /// The linear layers of the blocks in 8 bits, embeddings and output projection in bf16.
  case int8
  /// The linear layers of the blocks in 4 bits, embeddings and output projection in bf16.
  case nf4
  /// The GGUF file's own blocks where a kernel reads their type; else float32.
  case gguf

  /// The dtype of each parameter that is not float32.
  ///
  /// - Parameter source: the base's files, which `gguf` asks for their types; nil: none.
  package func types(of configuration: LlamaConfiguration, source: (any ModelSource)? = nil) -> [String: DType] {
    var types: [String: DType] = [:]
    for parameter in configuration.parameters where parameter.shape.count == 2 {
      types[parameter.name] =
        switch self {
        case .fp32: nil
        case .bf16: .bfloat16
        case .int8: Self.isLinear(parameter) ? .int8 : .bfloat16
        case .nf4: Self.isLinear(parameter) ? .nf4 : .bfloat16
        case .gguf: source?.storedBlocks(parameter.name)
        }
    }
    return types
  }

  /// True for the weight of a block's linear layer whose element count, of each part if it is fused, is a multiple of 64,
  /// the block of int8 and nf4.
  private static func isLinear(_ parameter: ParameterDescription) -> Bool {
    parameter.name.hasSuffix("_proj.weight")
      && parameter.pieces.allSatisfy { $0.elementCount.isMultiple(of: DType.nf4.blockElements) }
  }
}
