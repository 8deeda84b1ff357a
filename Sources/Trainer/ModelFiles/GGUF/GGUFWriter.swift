import Foundation

/// Writes a model as a GGUF file that llama.cpp loads: metadata, vocabulary and template, then the weights one by one.
package enum GGUFWriter {
  private static let alignment = 32

  /// A tensor as it goes into the file.
  private struct Entry {
    let name: String
    let shape: [Int]
    let type: GGUFTensorType
    /// Offset in bytes from the start of the data.
    let offset: Int
    let byteCount: Int
    /// The model's key; nil: a table of divisors of rotary frequencies.
    let key: String?
  }

  /// Writes `source` to `url`; the file appears when it is whole.
  ///
  /// - Parameters:
  ///   - type: how matrices are stored, one of `GGUFTensorType.writable`. Vectors are always f32, and a matrix whose
  ///     rows are no whole blocks is f16, as in llama.cpp's own files.
  ///   - vocabulary: nil where the model has no tokenizer.
  ///   - progress: called after each tensor with the bytes written and those of the whole file.
  package static func write(
    _ source: any ModelSource, as type: GGUFTensorType, vocabulary: VocabularyDescription?, to url: URL,
    progress: (_ written: Int, _ total: Int) -> Void = { _, _ in }
  ) throws {
    let model = source.configuration
    var metadata = GGUFMetadataEncoder()
    let name = source.url.deletingPathExtension().lastPathComponent
    try metadata.set(model, name: name, type: type, path: source.path)
    try metadata.set(vocabulary, of: model, path: source.path)
    let tables = GGUFRopeFrequencies.tensors(of: model)
    let entries = self.entries(model, tables, as: type)
    let header = self.header(entries, metadata: metadata)
    let total = header.count + (entries.last.map { $0.offset + padded($0.byteCount) } ?? 0)

    let file = try AtomicFile(url)
    try header.withUnsafeBytes { try file.write($0) }
    let output = NumberOutput(file, path: url.path)
    for entry in entries {
      if let key = entry.key {
        let columns = entry.shape.dropFirst().reduce(1, *)
        try source.forEachPiece(of: ParameterDescription(name: key, shape: entry.shape)) { floats, _ in
          try withStored(floats, of: key, columns: columns, model) { try output.write($0, of: key, as: entry.type) }
        }
      } else if let table = tables.first(where: { $0.name == entry.name }) {
        try table.factors.withUnsafeBufferPointer { try output.write($0, of: entry.name, as: entry.type) }
      }
      try [UInt8](repeating: 0, count: padded(entry.byteCount) - entry.byteCount)
        .withUnsafeBytes { try file.write($0) }
      progress(file.byteCount, total)
    }
    try file.commit()
  }

  /// Remarks on what other readers will not honour in a file of this model, a line each.
  package static func notes(_ model: LlamaConfiguration) -> [String] {
    var notes: [String] = []
    if let window = model.usedWindow, ![ModelFamily.gemma2, .gemma3].contains(model.family) {
      notes.append(
        "llama.cpp reads no window in files of the architecture \(model.family.ggufArchitecture): beyond \(window) "
          + "positions it sees more than this model does")
    }
    if case .dynamic = model.ropeScaling {
      notes.append(
        "GGUF has no dynamic rotary scaling: it is left out, and acted beyond max_position_embeddings alone")
    }
    if !GGUFRopeFrequencies.areReadBack(model) {
      notes.append(
        "the file's rotary factors are llama.cpp's to read; accrete does not know this scaling again in a GGUF file, "
          + "keep the Hugging Face folder")
    }
    return notes
  }

  private static func entries(
    _ model: LlamaConfiguration, _ tables: [(name: String, factors: [Float])], as type: GGUFTensorType
  ) -> [Entry] {
    let names = Dictionary(uniqueKeysWithValues: GGUFTensorName.keys(model).map { ($1, $0) })
    let tensors =
      tables.map { (name: $0.name, shape: [$0.factors.count], key: String?.none) }
      + model.parameters.map { parameter in
        (name: names[parameter.name] ?? parameter.name, shape: parameter.shape, key: Optional(parameter.name))
      }
    var offset = 0
    return tensors.map { name, shape, key in
      let type = stored(shape, as: type)
      let byteCount = shape.reduce(1, *) / type.blockCount * type.blockByteCount
      defer { offset += padded(byteCount) }
      return Entry(name: name, shape: shape, type: type, offset: offset, byteCount: byteCount, key: key)
    }
  }

  private static func stored(_ shape: [Int], as type: GGUFTensorType) -> GGUFTensorType {
    if shape.count == 1 { return .float32 }
    return (shape.last ?? 0).isMultiple(of: type.blockCount) ? type : .float16
  }

  private static func header(_ entries: [Entry], metadata: GGUFMetadataEncoder) -> Data {
    var header = Data("GGUF".utf8)
    header.append(littleEndian: UInt32(3))
    header.append(littleEndian: UInt64(entries.count))
    header.append(littleEndian: UInt64(metadata.count))
    header.append(metadata.data)
    for entry in entries {
      header.append(gguf: entry.name)
      header.append(littleEndian: UInt32(entry.shape.count))
      for size in entry.shape.reversed() { header.append(littleEndian: UInt64(size)) }
      header.append(littleEndian: entry.type.rawValue)
      header.append(littleEndian: UInt64(entry.offset))
    }
    header.append(Data(count: padded(header.count) - header.count))
    return header
  }

  private static func padded(_ count: Int) -> Int { (count + alignment - 1) / alignment * alignment }

  /// Hands on rows of a weight as the file holds them: heads in the architecture's order, norms to multiply plainly.
  private static func withStored(
    _ floats: UnsafeBufferPointer<Float>, of key: String, columns: Int, _ model: LlamaConfiguration,
    _ body: (UnsafeBufferPointer<Float>) throws -> Void
  ) throws {
    let offset = GGUFTensorName.normOffset(of: key, model)
    let turns = model.family.isInterleavedInGGUF && RotaryOrder.turns(key)
    guard turns || offset != 0 else { return try body(floats) }
    try withFloatScratch(floats.count) { scratch in
      for row in 0..<(floats.count / columns) {
        let from =
          turns ? RotaryOrder.rotateHalfRow(ofInterleaved: row, headDim: model.headDim) * columns : row * columns
        for column in 0..<columns { scratch[row * columns + column] = floats[from + column] + offset }
      }
      try body(UnsafeBufferPointer(scratch))
    }
  }
}
