import Foundation
import GPUTensor
import Kernels

/// A model loaded on a device, with its tokenizer if it has one.
package final class LoadedModel {
  package let configuration: LlamaConfiguration
  package let tokenizer: (any Tokenizer)?
  package let weights: LlamaWeights
  package let ropeTable: Variable
  package let executor: any Executor
  /// Positions of the RoPE table: the longest sequence, in tokens.
  package let contextLength: Int
  package var deviceModel: DeviceModel { DeviceModel(weights) }

  /// Loads weights and tokenizer, and makes the RoPE table.
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
    ropeTable = try configuration.makeRopeTable(positions: self.contextLength, on: executor)
  }
}

extension LlamaConfiguration {
  /// The variable of a table of cosines and sines, [positions, D].
  package func ropeTable(positions: Int) -> Variable {
    Variable(name: "rope table", shape: Shape([positions, headDim]))
  }

  /// Allocates a table and writes the cosines and sines of its positions.
  package func fillRopeTable(_ table: Variable, on executor: any Executor) throws(DeviceError) {
    try executor.allocate([table.slab])
    let values = RoPETable.make(
      frequencies: ropeFrequencies, positions: table.shape.count / headDim, scale: ropeAttentionFactor)
    try executor.write(.floats(values), to: table, at: 0)
  }

  /// Makes the table of cosines and sines on the device: [positions, D].
  package func makeRopeTable(positions: Int, on executor: any Executor) throws(DeviceError) -> Variable {
    let table = ropeTable(positions: positions)
    try fillRopeTable(table, on: executor)
    return table
  }
}

/// The tokenizer that belongs to a model, or nil where only token ids can be used.
package func loadTokenizer(of source: any ModelSource) throws -> (any Tokenizer)? {
  switch source.tokenizerFiles {
  case .folder(let folder, let configurations): try loadTokenizer(folder: folder, configurations: configurations)
  case .llama2c(let file): try loadTokenizer(llama2c: file, vocabularySize: source.configuration.vocabSize)
  case .gguf(let vocabulary): try loadTokenizer(description: vocabulary)
  case .none: nil
  }
}
