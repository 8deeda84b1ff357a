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
  init(_ url: URL, tokenizer: TokenizerFiles) throws(FileError) {
    file = try MappedFile(path: url.path)
    let layout = try Llama2cLayout(file.bytes, path: url.path)
    configuration = layout.configuration
    offsets = layout.offsets
    shapes = Dictionary(uniqueKeysWithValues: layout.configuration.parameters.map { ($0.name, $0.shape) })
    self.url = url
    tokenizerFiles = tokenizer
  }

  var format: String { "llama2.c" }

  func stored(_ name: String) -> StoredTensor? {
    shapes[name].map { StoredTensor(type: "F32", byteCount: 4 * $0.reduce(1, *)) }
  }

  func withRows<R>(
    _ rows: Range<Int>, of name: String, _ body: (UnsafeBufferPointer<Float>) throws -> R
  ) throws -> R {
    guard let offset = offsets[name], let shape = shapes[name] else {
      throw FileError.invalid(url.path, "tensor \"\(name)\" is missing", remedy: "ask for a tensor of the model")
    }
    precondition(rows.upperBound <= shape[0], "rows \(rows) of \(name)")
    let columns = shape.dropFirst().reduce(1, *)
    return try withExtendedLifetime(file) {
      let source = UnsafeRawBufferPointer(
        rebasing: file.bytes[(offset + 4 * rows.lowerBound * columns)..<(offset + 4 * rows.upperBound * columns)])
      guard RotaryOrder.turns(name) else { return try FloatStorage.float32.withWidened(source, body) }
      return try withFloatScratch(rows.count * columns) { scratch in
        for row in 0..<rows.count {
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
