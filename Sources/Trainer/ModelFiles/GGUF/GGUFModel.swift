import Foundation
import GPUTensor

/// A model in a GGUF file: quantised tensors are widened, query and key rows brought into rotate-half order.
///
/// Unchecked: everything is read in `init` and never changed after; the mapped file stays as long as this object.
final class GGUFModel: ModelSource, @unchecked Sendable {

  let configuration: LlamaConfiguration
  let url: URL
  let tokenizerFiles: TokenizerFiles
  private let parts: [MappedFile]
  private let tensors: [String: GGUFTensor]

  /// Opens the file at `url`, with all parts where it is the first of several; its own vocabulary is the tokenizer where
  /// none is given.
  init(_ url: URL, tokenizer: TokenizerFiles?) throws(FileError) {
    let gguf = try GGUFParts.open(url)
    let vocabulary = try VocabularyDescription(gguf.metadata)
    var configuration = try LlamaConfiguration(gguf, vocabulary: vocabulary)
    let keys = GGUFTensorName.keys(configuration)
    var tensors: [String: GGUFTensor] = [:]
    var ropeFactors: [String: [Float]] = [:]
    for tensor in gguf.tensors {
      if GGUFTensorName.ofRope.contains(tensor.name) {
        ropeFactors[tensor.name] = try Self.ropeFactors(tensor, of: gguf)
      } else if let key = keys[tensor.name] {
        tensors[key] = tensor
      } else {
        throw .unsupported(
          url.path, at: tensor.byteRange.lowerBound,
          "tensor \"\(tensor.name)\" is no part of a model of type \(configuration.family.modelType) with "
            + "\(configuration.numHiddenLayers) blocks",
          remedy: "check that metadata and weights belong together")
      }
    }
    try configuration.setRopeScaling(ropeFactors, gguf)
    let names = Dictionary(uniqueKeysWithValues: keys.map { ($1, $0) })
    try TensorInventory.check(tensors.mapValues(\.shape), against: configuration, path: url.path) { names[$0] ?? $0 }
    self.configuration = configuration
    self.url = url
    self.tensors = tensors
    parts = gguf.parts
    tokenizerFiles = tokenizer ?? vocabulary.map { .gguf($0) } ?? .none
    for tensor in tensors.values where tensor.shape.count == 1 && tensor.type.blockCount > 1 {
      throw .unsupported(
        url.path, at: tensor.byteRange.lowerBound, "the vector \"\(tensor.name)\" is quantised",
        remedy: "export norms and biases as F32")
    }
  }

  /// True for weights whose rows the file holds in interleaved order.
  private func isInterleaved(_ name: String) -> Bool {
    configuration.family.isInterleavedInGGUF && RotaryOrder.turns(name)
  }

  /// The vocabulary inside the file at `url`, whatever its architecture.
  static func vocabulary(_ url: URL) throws(FileError) -> VocabularyDescription {
    let gguf = try GGUFFile(url)
    guard let vocabulary = try VocabularyDescription(gguf.metadata) else {
      throw .invalid(url.path, "the file holds no tokenizer", remedy: "give another file or folder as the tokenizer")
    }
    return vocabulary
  }

  var format: String { parts.count == 1 ? "GGUF" : "GGUF in \(parts.count) parts" }

  var weightFiles: [URL] { parts.map { URL(fileURLWithPath: $0.path) } }

  func file(of name: String) -> String { tensors[name].map { parts[$0.part].path } ?? path }

  func stored(_ name: String) -> StoredTensor? {
    tensors[name].map { StoredTensor(type: $0.type.name, byteCount: $0.byteRange.count) }
  }

  func withRows<R>(
    _ rows: Range<Int>, of name: String, _ body: (UnsafeBufferPointer<Float>) throws -> R
  ) throws -> R {
    guard let tensor = tensors[name] else {
      throw FileError.invalid(url.path, "tensor \"\(name)\" is missing", remedy: "ask for a tensor of the model")
    }
    let columns = tensor.shape.dropFirst().reduce(1, *)
    let rowByteCount = columns / tensor.type.blockCount * tensor.type.blockByteCount
    let start = tensor.byteRange.lowerBound + rows.lowerBound * rowByteCount
    let range = start..<(start + rows.count * rowByteCount)
    precondition(range.upperBound <= tensor.byteRange.upperBound, "rows \(rows) of \(name)")
    let file = parts[tensor.part]
    return try withExtendedLifetime(file) {
      let source = UnsafeRawBufferPointer(rebasing: file.bytes[range])
      defer { file.release(range) }
      if isInterleaved(name) {
        return try withRotateHalf(source, as: tensor.type, rows: rows.count, columns: columns, body)
      }
      let offset = GGUFTensorName.normOffset(of: name, configuration)
      if tensor.type == .float32, offset == 0 { return try FloatStorage.float32.withWidened(source, body) }
      return try withFloatScratch(rows.count * columns) { scratch in
        tensor.type.widen(source, into: scratch)
        if offset != 0 { for index in scratch.indices { scratch[index] -= offset } }
        return try body(UnsafeBufferPointer(scratch))
      }
    }
  }

  func storedBlocks(_ name: String) -> DType? {
    switch tensors[name]?.type {
    case .bfloat16: .bfloat16
    case .q8_0: .q8_0
    case .q4_0: .q4_0
    case .q4_1: .q4_1
    default: nil
    }
  }

  func withStoredBlocks(_ name: String, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    guard let tensor = tensors[name] else { preconditionFailure("\(name) stands in no blocks") }
    let file = parts[tensor.part]
    try withExtendedLifetime(file) {
      let source = UnsafeRawBufferPointer(rebasing: file.bytes[tensor.byteRange])
      defer { file.release(tensor.byteRange) }
      guard isInterleaved(name) else { return try body(source) }
      // A row holds whole blocks, so that rows can change places as they are.
      let rowBytes = source.count / tensor.shape[0]
      var turned = [UInt8](repeating: 0, count: source.count)
      try turned.withUnsafeMutableBytes { turned in
        for row in 0..<tensor.shape[0] {
          let place = rowBytes * RotaryOrder.rotateHalfRow(ofInterleaved: row, headDim: configuration.headDim)
          UnsafeMutableRawBufferPointer(rebasing: turned[place..<place + rowBytes])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[row * rowBytes..<(row + 1) * rowBytes]))
        }
        try body(UnsafeRawBufferPointer(turned))
      }
    }
  }

  /// Widens the rows of whole heads one by one, each to the place that it has in rotate-half order.
  private func withRotateHalf<R>(
    _ source: UnsafeRawBufferPointer, as type: GGUFTensorType, rows: Int, columns: Int,
    _ body: (UnsafeBufferPointer<Float>) throws -> R
  ) throws -> R {
    precondition(rows.isMultiple(of: configuration.headDim), "\(rows) rows are no whole heads")
    let rowByteCount = source.count / max(rows, 1)
    return try withFloatScratch(rows * columns) { scratch in
      for row in 0..<rows {
        let target = RotaryOrder.rotateHalfRow(ofInterleaved: row, headDim: configuration.headDim)
        type.widen(
          UnsafeRawBufferPointer(rebasing: source[(row * rowByteCount)..<((row + 1) * rowByteCount)]),
          into: UnsafeMutableBufferPointer(rebasing: scratch[(target * columns)..<((target + 1) * columns)]))
      }
      return try body(UnsafeBufferPointer(scratch))
    }
  }

  /// The numbers of a tensor of divisors, which stand in place of keys.
  private static func ropeFactors(_ tensor: GGUFTensor, of gguf: GGUFFile) throws(FileError) -> [Float] {
    guard tensor.type == .float32, tensor.shape.count == 1 else {
      throw .unsupported(
        gguf.path, at: tensor.byteRange.lowerBound,
        "\(tensor.name) is \(tensor.type.name) of shape \(tensor.shape)", remedy: "export the model again")
    }
    let count = tensor.shape[0]
    return [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      FloatStorage.float32.widen(
        UnsafeRawBufferPointer(rebasing: gguf.parts[tensor.part].bytes[tensor.byteRange]),
        into: UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
      initialized = count
    }
  }
}
