/// Place of each weight in a `.bin` of llama2.c; all numbers are f32, query and key rows interleaved.
///
/// The legacy format starts with seven 32-bit integers (dim, hidden_dim, n_layers, n_heads, n_kv_heads, vocab_size,
/// seq_len; a negative vocabulary says that the output projection follows) and keeps two rotary tables. Version 1
/// starts with "ak42" and a header of 256 bytes.
///
/// - Source: https://github.com/karpathy/llama2.c, `export.py`.
struct Llama2cLayout {
  private static let magic: UInt32 = 0x616B_3432
  private static let headerByteCount = 256

  let configuration: LlamaConfiguration
  /// The first byte of each weight, by Hugging Face's key.
  private(set) var offsets: [String: Int] = [:]
  private var position: Int

  /// Reads the header of `bytes`, checks the size of the file and places the weights.
  init(_ bytes: UnsafeRawBufferPointer, path: String) throws(FileError) {
    var cursor = GGUFCursor(bytes, path: path)
    guard bytes.count >= 28 else {
      throw .invalid(path, at: 0, "\(bytes.count) bytes are too few for a llama2.c model")
    }
    let isLegacy = bytes.loadUnaligned(as: UInt32.self) != Self.magic
    if !isLegacy {
      _ = try cursor.integer(UInt32.self)
      let version = try cursor.integer(Int32.self)
      guard version == 1 else {
        let what = version == 2 ? "the quantised version 2" : "version \(version)"
        throw .unsupported(
          path, at: 4, "\(what) of llama2.c's format cannot be read",
          remedy: "export with --version 1 (f32) or to a Hugging Face folder")
      }
    }
    var sizes: [Int] = []
    for _ in 0..<7 { sizes.append(Int(try cursor.integer(Int32.self))) }
    let isTied = isLegacy ? sizes[5] > 0 : try cursor.integer(UInt8.self) != 0
    configuration = LlamaConfiguration(
      vocabSize: isLegacy ? abs(sizes[5]) : sizes[5], hiddenSize: sizes[0], intermediateSize: sizes[1],
      numHiddenLayers: sizes[2], numAttentionHeads: sizes[3], numKeyValueHeads: sizes[4],
      maxPositionEmbeddings: sizes[6], rmsNormEps: 1e-5, ropeTheta: 10000, tieWordEmbeddings: isTied)
    try configuration.validate(path: path)
    guard configuration.hiddenSize.isMultiple(of: configuration.numAttentionHeads) else {
      throw .invalid(
        path, at: 0,
        "the header's dim \(configuration.hiddenSize) is no multiple of its n_heads "
          + "\(configuration.numAttentionHeads)")
    }
    position = isLegacy ? 28 : Self.headerByteCount
    let rotaryCount = isLegacy ? configuration.maxPositionEmbeddings * configuration.headDim : 0
    // Validation bounds the sizes, so the sum cannot overflow.
    let expected = position + 4 * (configuration.parameterCount + rotaryCount)
    guard bytes.count == expected else {
      throw .invalid(
        path, at: 0,
        "the header (dim, hidden_dim, n_layers, n_heads, n_kv_heads, vocab_size, seq_len = \(sizes)) "
          + "calls for \(expected) bytes, but the file has \(bytes.count)")
    }
    if isLegacy { placeLegacy(rotaryCount: rotaryCount) } else { placeVersion1() }
  }

  private mutating func placeLegacy(rotaryCount: Int) {
    place(LlamaParameterName.embedding)
    placeBlocks(["input_layernorm", "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj"])
    placeBlocks(["post_attention_layernorm", "mlp.gate_proj", "mlp.down_proj", "mlp.up_proj"])
    place(LlamaParameterName.finalNorm)
    position += 4 * rotaryCount
    if !configuration.tieWordEmbeddings { place(LlamaParameterName.output) }
  }

  private mutating func placeVersion1() {
    placeBlocks(["input_layernorm", "post_attention_layernorm"])
    place(LlamaParameterName.finalNorm)
    place(LlamaParameterName.embedding)
    placeBlocks(["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj"])
    placeBlocks(["mlp.gate_proj", "mlp.down_proj", "mlp.up_proj"])
    if !configuration.tieWordEmbeddings { place(LlamaParameterName.output) }
  }

  /// Places one kind of weight after another, each for all blocks.
  private mutating func placeBlocks(_ stems: [String]) {
    let shapes = Dictionary(uniqueKeysWithValues: configuration.blockParameters.map { ($0.name, $0) })
    for stem in stems {
      guard let parameter = shapes[stem + ".weight"] else { preconditionFailure("a LLaMA has no \(stem)") }
      for layer in 0..<configuration.numHiddenLayers {
        offsets[LlamaParameterName.block(layer, parameter.name)] = position
        position += 4 * parameter.elementCount
      }
    }
  }

  private mutating func place(_ name: String) {
    offsets[name] = position
    let isNorm = name == LlamaParameterName.finalNorm
    position += 4 * configuration.hiddenSize * (isNorm ? 1 : configuration.vocabSize)
  }
}
