import Foundation

/// A llama2.c `.bin`: f32 weights behind a short header.
final class Llama2cModel: ModelSource {
  let configuration: LlamaConfiguration
  let url: URL
  let tokenizerFiles: TokenizerFiles
  private let file: MappedFile
  private let offsets: [String: Int]
  private let shapes: [String: [Int]]

  /// Opens the file at `url`.
  init(_ url: URL, tokenizer: TokenizerFiles) throws(CheckpointError) {
    file = try MappedFile(path: url.path)
    let layout = try Llama2cLayout(file.bytes, path: url.path)
    configuration = layout.configuration
    offsets = layout.offsets
    shapes = Dictionary(uniqueKeysWithValues: layout.configuration.parameters.map { ($0.name, $0.shape) })
    self.url = url
    tokenizerFiles = tokenizer
  }

  func withTensor<R>(_ name: String, _ body: (UnsafeBufferPointer<Float>) throws -> R) throws -> R {
    guard let offset = offsets[name], let shape = shapes[name] else {
      throw CheckpointError.invalid(url.path, "tensor \"\(name)\" is missing", remedy: "ask for a tensor of the model")
    }
    let count = shape.reduce(1, *)
    return try withExtendedLifetime(file) {
      let source = UnsafeRawBufferPointer(rebasing: file.bytes[offset..<(offset + 4 * count)])
      let isRotary = name.hasSuffix("q_proj.weight") || name.hasSuffix("k_proj.weight")
      guard isRotary else { return try FloatStorage.float32.withWidened(source, body) }
      let columns = shape[1]
      return try withFloatScratch(count) { scratch in
        for row in 0..<shape[0] {
          let target = RotaryOrder.rotateHalfRow(ofInterleaved: row, headDim: configuration.headDim)
          FloatStorage.float32.widen(
            UnsafeRawBufferPointer(rebasing: source[(4 * row * columns)..<(4 * (row + 1) * columns)]),
            into: UnsafeMutableBufferPointer(rebasing: scratch[(target * columns)..<((target + 1) * columns)]))
        }
        return try body(UnsafeBufferPointer(scratch))
      }
    }
  }
}
