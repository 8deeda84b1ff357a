import Foundation
import GPUTensor
import Kernels

/// A model loaded on a device, with its tokenizer if it has one.
package final class LoadedModel {
  package let configuration: LlamaConfiguration
  package let tokenizer: (any Tokenizer)?
  package let weights: LlamaWeights
  package let rope: RopeTables
  package let executor: any Executor
  /// The longest sequence, in tokens.
  package let contextLength: Int
  package var deviceModel: DeviceModel { DeviceModel(weights) }

  /// Loads weights and tokenizer, and makes the tables of rotary angles.
  ///
  /// - Parameter contextLength: most tokens of a sequence, if fewer than the model's own.
  /// - Throws: `FileError`, `TokenizerError`, `DeviceError`.
  package init(
    _ source: any ModelSource, executor: any Executor, contextLength: Int = .max
  ) throws {
    configuration = source.configuration
    tokenizer = try loadTokenizer(of: source)
    self.executor = executor
    self.contextLength = min(contextLength, configuration.maxPositionEmbeddings)
    weights = LlamaWeights(configuration, limits: AllocationLimits(of: executor))
    try executor.allocate(weights.slabs)
    try weights.load(from: source, into: executor)
    rope = RopeTables(configuration, positions: self.contextLength)
    try rope.fill(on: executor)
  }
}

/// The tokenizer that belongs to a model, or nil where only token ids can be used.
package func loadTokenizer(of source: any ModelSource) throws -> (any Tokenizer)? {
  try loadTokenizer(source.tokenizerFiles, vocabularySize: source.configuration.vocabSize)
}

/// The tokenizer that stands at a place, for a model of `vocabularySize` tokens.
func loadTokenizer(_ files: TokenizerFiles, vocabularySize: Int) throws -> (any Tokenizer)? {
  switch files {
  case .folder(let folder, let configurations): try loadTokenizer(folder: folder, configurations: configurations)
  case .llama2c(let file): try loadTokenizer(llama2c: file, vocabularySize: vocabularySize)
  case .gguf(let vocabulary): try loadTokenizer(description: vocabulary)
  case .none: nil
  }
}
