import Foundation
import GPUTensor

/// A model with rows of its embedding, and of its output projection, for tokens that were added to its tokenizer.
///
/// A new row is the mean of the rows of the tokens before it, as transformers' `resize_token_embeddings` has it (there
/// with a noise of 1e-9 of their covariance). Rows that the model has beyond its tokenizer's tokens are taken first.
struct GrownModel: ModelSource {
  private let base: any ModelSource
  let configuration: LlamaConfiguration
  /// The rows of new tokens.
  private let added: Range<Int>
  /// The mean of the rows before `added`, by the name of the weight.
  private let means: [String: [Float]]

  /// - Parameters:
  ///   - added: ids of the new tokens; those before them are the tokenizer's.
  ///   - configuration: the model's with the new tokens, whose vocabulary holds all of `added`.
  init(_ base: any ModelSource, added: Range<Int>, configuration: LlamaConfiguration) throws {
    precondition(added.upperBound <= configuration.vocabSize, "the vocabulary holds the new tokens")
    self.base = base
    self.added = added
    self.configuration = configuration
    var means: [String: [Float]] = [:]
    for parameter in base.configuration.parameters where Self.names.contains(parameter.name) {
      let width = parameter.shape[1]
      var sums = [Double](repeating: 0, count: width)
      try base.forEachPiece(of: parameter) { floats, offset in
        for index in floats.indices where offset + index < added.lowerBound * width {
          sums[(offset + index) % width] += Double(floats[index])
        }
      }
      means[parameter.name] = sums.map { Float($0 / Double(added.lowerBound)) }
    }
    self.means = means
  }

  /// The weights with a row for each token.
  private static let names: Set<String> = ["model.embed_tokens.weight", "lm_head.weight"]

  var url: URL { base.url }
  var tokenizerFiles: TokenizerFiles { base.tokenizerFiles }
  var format: String { base.format }
  var fileNotes: [String] { base.fileNotes }

  func stored(_ name: String) -> StoredTensor? { base.stored(name) }

  func file(of name: String) -> String { base.file(of: name) }

  func storedBlocks(_ name: String) -> DType? { means[name] == nil ? base.storedBlocks(name) : nil }

  func withStoredBlocks(_ name: String, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    try base.withStoredBlocks(name, body)
  }

  func withRows<R>(
    _ rows: Range<Int>, of name: String, _ body: (UnsafeBufferPointer<Float>) throws -> R
  ) throws -> R {
    guard let mean = means[name] else { return try base.withRows(rows, of: name, body) }
    var floats: [Float] = []
    floats.reserveCapacity(rows.count * mean.count)
    let known = rows.clamped(to: 0..<min(added.lowerBound, base.configuration.vocabSize))
    if !known.isEmpty { try base.withRows(known, of: name) { floats += $0 } }
    for _ in rows.clamped(to: added) { floats += mean }
    // Rows that no token has stay as they are.
    let free = rows.clamped(to: added.upperBound..<max(added.upperBound, base.configuration.vocabSize))
    if !free.isEmpty { try base.withRows(free, of: name) { floats += $0 } }
    return try floats.withUnsafeBufferPointer(body)
  }
}
