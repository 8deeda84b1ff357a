import GPUTensor

/// How the frozen weights of a base are kept on the device (`base.dtype`). Vectors are always in float32.
package enum BaseStorage: String, Sendable, CaseIterable {
  /// As they are trained; the only one that can be.
  case fp32
  case bf16
  /// The linear layers of the blocks in 8 bits, embeddings and output projection in bf16.
  case int8
  /// The linear layers of the blocks in 4 bits, embeddings and output projection in bf16.
  case nf4
  /// As the GGUF file has them, where a kernel reads its blocks; else float32.
  case gguf

  /// The dtype of each parameter that is not float32.
  ///
  /// - Parameter source: the base's file, which `gguf` asks; nil: there is none.
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

  /// Whether a weight is a block's linear layer that has whole blocks of 64.
  private static func isLinear(_ parameter: ParameterDescription) -> Bool {
    parameter.name.hasSuffix("_proj.weight") && parameter.elementCount.isMultiple(of: DType.nf4.blockElements)
  }
}
