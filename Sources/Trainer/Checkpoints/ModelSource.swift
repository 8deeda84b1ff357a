import Foundation

/// A pretrained model in a file or a folder, whatever its format: configuration, weights and the way to its tokenizer.
///
/// All weights are checked against the configuration when the model is opened, so that reading one later fails only
/// where the disk does.
package protocol ModelSource: Sendable {
  /// Shape and constants, validated.
  var configuration: LlamaConfiguration { get }

  /// The folder or file that was opened.
  var url: URL { get }

  /// Where the tokenizer is found.
  var tokenizerFiles: TokenizerFiles { get }

  /// Hands a weight to `body`: f32, in Hugging Face's shape and (rotate-half) order. Valid during the call only.
  ///
  /// - Parameter name: a key of `LlamaConfiguration.parameters`.
  /// - Throws: `CheckpointError`, and whatever `body` throws.
  func withTensor<R>(_ name: String, _ body: (UnsafeBufferPointer<Float>) throws -> R) throws -> R
}

extension ModelSource {
  /// The keys of all weights, in Hugging Face's order.
  package var tensorNames: [String] { configuration.parameters.map(\.name) }

  /// The path as the user gave it.
  package var path: String { url.path }

  /// The last part of the path, for messages and reports.
  package var displayName: String { url.lastPathComponent }

  /// A weight as an array.
  package func tensor(_ name: String) throws -> [Float] { try withTensor(name) { Array($0) } }
}

/// Where a model's tokenizer is found.
package enum TokenizerFiles: Sendable, Equatable {
  /// A folder with tokenizer.json or tokenizer.model.
  case folder(URL)
  /// Inside the GGUF file.
  case gguf(GGUFVocabulary)
  /// A tokenizer.bin of llama2.c.
  case llama2c(URL)
  /// Nowhere: only token ids can be used.
  case none
}
