import Foundation
import GPUTensor

/// A pretrained model in a file or a folder of any format: configuration, weights, and the place of its tokenizer.
///
/// All weights are checked against the configuration when the model is opened, so that reading one later fails only
/// where the disk does.
package protocol ModelSource: Sendable {
  /// Shape and constants, validated.
  var configuration: LlamaConfiguration { get }

  /// The folder or file that was opened.
  var url: URL { get }

  /// Place of the tokenizer.
  var tokenizerFiles: TokenizerFiles { get }

  /// Name of the files' format, such as `GGUF`.
  var format: String { get }

  /// Remarks on the files of configuration and weights, a line each.
  var fileNotes: [String] { get }

  /// The files of the weights, in the order in which their hashes are joined.
  var weightFiles: [URL] { get }

  /// Type and bytes of a weight in its file; nil where the files have no such weight.
  ///
  /// - Parameter name: a key of `LlamaConfiguration.parameters`.
  func stored(_ name: String) -> StoredTensor?

  /// The path of the file that holds a weight, for messages.
  func file(of name: String) -> String

  /// Calls `body` with rows of a weight: f32, in Hugging Face's shape and (rotate-half) order, valid during the call
  /// only.
  ///
  /// - Parameters:
  ///   - rows: rows of a matrix, whole heads of a query or key matrix, elements of a vector.
  ///   - name: a key of `LlamaConfiguration.parameters`.
  /// - Throws: `FileError`, and whatever `body` throws.
  func withRows<R>(
    _ rows: Range<Int>, of name: String, _ body: (UnsafeBufferPointer<Float>) throws -> R
  ) throws -> R

  /// The dtype of a weight that the file stores in a form that the device can keep; nil: read it as f32.
  func storedBlocks(_ name: String) -> DType?

  /// Calls `body` with the stored blocks of such a weight, its rows in Hugging Face's order, valid during the call
  /// only.
  func withStoredBlocks(_ name: String, _ body: (UnsafeRawBufferPointer) throws -> Void) throws
}

extension ModelSource {
  package var fileNotes: [String] { [] }

  /// A folder's safetensors in the order of their names; else the model's one file.
  package var weightFiles: [URL] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
    let files = names.filter { $0.hasSuffix(".safetensors") }.sorted()
    return files.isEmpty ? [url] : files.map { url.appending(path: $0) }
  }

  package func file(of name: String) -> String { path }

  package func storedBlocks(_ name: String) -> DType? { nil }

  package func withStoredBlocks(_ name: String, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    preconditionFailure("\(name) stands in no blocks")
  }
}

extension ModelSource {
  /// The keys of all weights, in Hugging Face's order.
  package var tensorNames: [String] { configuration.parameters.map(\.name) }

  /// The path as the user gave it.
  package var path: String { url.path }

  /// Remarks on all files that were opened, a line each.
  package var notes: [String] { fileNotes + tokenizerFiles.notes }

  /// The last part of the path, for messages and reports.
  package var displayName: String { url.lastPathComponent }

  /// The numbers of a weight, f32.
  ///
  /// - Throws: `FileError`, also where a number is not finite.
  package func tensor(_ name: String) throws -> [Float] {
    let parameter = configuration.parameters.first { $0.name == name }
    return try withRows(0..<(parameter?.shape[0] ?? 0), of: name) { floats in
      var count = NonFiniteCount()
      count.add(floats)
      try count.check(name, path: file(of: name))
      return Array(floats)
    }
  }

  /// Calls `body` with a weight piece by piece, about 4 MiB of f32 each, so that a weight stored in fewer bits is never
  /// widened as a whole.
  ///
  /// - Parameter body: takes numbers, and the index of the first of them in the weight.
  /// - Throws: `FileError`, after the last piece also where a number is not finite; and whatever `body` throws.
  package func forEachPiece(
    of parameter: ParameterDescription, _ body: (UnsafeBufferPointer<Float>, _ offset: Int) throws -> Void
  ) throws {
    let columns = parameter.shape.dropFirst().reduce(1, *)
    let step = RotaryOrder.turns(parameter.name) ? configuration.headDim : 1
    let rows = max(pieceCount / columns / step, 1) * step
    var count = NonFiniteCount()
    for start in stride(from: 0, to: parameter.shape[0], by: rows) {
      try withRows(start..<min(start + rows, parameter.shape[0]), of: parameter.name) {
        count.add($0, at: start * columns)
        try body($0, start * columns)
      }
    }
    try count.check(parameter.name, path: file(of: parameter.name))
  }

  /// Calls `body` with a weight's stored blocks, once all of its numbers are known to be finite.
  ///
  /// - Parameter dtype: the weight's `storedBlocks`.
  /// - Throws: `FileError`, also where a number is not finite.
  package func withFiniteBlocks(
    of parameter: ParameterDescription, as dtype: DType, _ body: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    try withStoredBlocks(parameter.name) { bytes in
      var count = NonFiniteCount()
      let step = pieceCount / dtype.blockElements * dtype.blockElements
      try withFloatScratch(min(step, parameter.elementCount)) { scratch in
        for start in stride(from: 0, to: parameter.elementCount, by: step) {
          let end = min(start + step, parameter.elementCount)
          let floats = UnsafeMutableBufferPointer(rebasing: scratch[..<(end - start)])
          dtype.decode(
            UnsafeRawBufferPointer(rebasing: bytes[dtype.byteCount(start)..<dtype.byteCount(end)]), into: floats)
          count.add(UnsafeBufferPointer(floats), at: start)
        }
      }
      try count.check(parameter.name, path: file(of: parameter.name))
      try body(bytes)
    }
  }
}

extension ModelSource {
  /// SHA-256 of the model's file, or of the hashes of its files.
  package func weightsSha256() throws -> String {
    let hashes = try weightFiles.map { try FileHash.sha256(of: $0) }
    return hashes.count == 1 ? hashes[0] : FileHash.sha256(of: Data(hashes.joined().utf8))
  }
}

/// Numbers of a piece: 4 MiB of f32.
private let pieceCount = 1 << 20

/// Storage of a weight in its file.
package struct StoredTensor: Sendable, Equatable {
  /// Type of the numbers as the format spells it, such as `BF16` or `Q4_K`.
  package let type: String
  package let byteCount: Int
}

/// Place of a model's tokenizer.
package enum TokenizerFiles: Sendable, Equatable {
  /// A folder with tokenizer.json or tokenizer.model, and its configurations where they have been read.
  case folder(URL, FolderConfigurations? = nil)
  /// The vocabulary inside a GGUF file.
  case gguf(VocabularyDescription)
  /// A tokenizer.bin of llama2.c.
  case llama2c(URL)
  /// No tokenizer: only token ids can be used.
  case none

  /// Remarks on the tokenizer, a line each.
  package var notes: [String] {
    if case .gguf(let vocabulary) = self { vocabulary.notes } else { [] }
  }
}
