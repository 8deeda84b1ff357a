/// One adapted layer: a linear one, or the embedding.
///
/// Its weight W [out, in] becomes W + s·B·A. The embedding is [V, C]: a token's row r becomes r + s·B[token]·A.
package struct LoRATarget: Sendable, Equatable {
  /// The layer's use of its weight.
  package enum Kind: Sendable {
    /// Products with all rows.
    case linear
    /// A row for each token.
    case embedding
  }

  /// The module, such as `model.layers.0.self_attn.q_proj`.
  package let module: String
  package let kind: Kind
  /// Key of the adapted weight in the model: the module's own, but for an output projection that is the embedding.
  package let weight: String
  package let inFeatures: Int
  package let outFeatures: Int
  /// Rows of the parts of a fused matrix (`ParameterDescription.parts`): B has the same, A is theirs together.
  package let parts: [Int]
  package let rank: Int
  package let alpha: Double
  /// Factor of B·A·x: alpha / r, or alpha / √r.
  package let scale: Double
  /// True where outputs are scaled to a trained magnitude (DoRA).
  package let hasMagnitude: Bool

  /// - Parameter weight: the adapted weight's key; nil: the module's.
  package init(
    module: String, kind: Kind = .linear, weight: String? = nil, inFeatures: Int, outFeatures: Int,
    parts: [Int] = [], rank: Int, alpha: Double, usesRankStabilization: Bool, hasMagnitude: Bool = false
  ) {
    self.hasMagnitude = hasMagnitude
    self.module = module
    self.kind = kind
    self.weight = weight ?? Self.key(ofWeight: module)
    self.inFeatures = inFeatures
    self.outFeatures = outFeatures
    self.parts = parts
    self.rank = rank
    self.alpha = alpha
    scale = alpha / (usesRankStabilization ? Double(rank).squareRoot() : Double(rank))
  }

  /// PEFT's key of A [r, in]. What is A for an embedding's rows is its lora_embedding_B, transposed: PEFT's embedding
  /// maps one-hot tokens.
  package var a: String { Self.prefix + module + (kind == .embedding ? ".lora_embedding_B" : ".lora_A.weight") }
  /// PEFT's key of B [out, r]; of an embedding lora_embedding_A, transposed.
  package var b: String { Self.prefix + module + (kind == .embedding ? ".lora_embedding_A" : ".lora_B.weight") }
  /// PEFT's key of the magnitudes.
  package var magnitude: String { Self.prefix + module + ".lora_magnitude_vector" }

  /// A, B and the magnitudes as a device has them.
  package var parameters: [ParameterDescription] {
    [
      ParameterDescription(name: a, shape: [rank, inFeatures]),
      ParameterDescription(name: b, shape: [outFeatures, rank], parts: parts),
    ] + (hasMagnitude ? [ParameterDescription(name: magnitude, shape: [outFeatures], parts: parts)] : [])
  }

  /// The same as PEFT's file has them: an embedding's transposed.
  package var storedParameters: [ParameterDescription] {
    parameters.map {
      ParameterDescription(name: $0.name, shape: kind == .embedding ? $0.shape.reversed() : $0.shape)
    }
  }

  /// The numbers of A or B turned from a device's rows into those of PEFT's file.
  ///
  /// - Parameter rows: rows of `values`.
  func stored(_ values: [Float], rows: Int) -> [Float] {
    kind == .embedding ? Self.transposed(values, rows: rows) : values
  }

  /// The numbers of A or B in PEFT's file turned into those of a device.
  ///
  /// - Parameter rows: rows on the device.
  func loaded(_ values: [Float], rows: Int) -> [Float] {
    kind == .embedding ? Self.transposed(values, rows: values.count / max(rows, 1)) : values
  }

  private static func transposed(_ values: [Float], rows: Int) -> [Float] {
    let columns = values.count / max(rows, 1)
    return (0..<columns).flatMap { column in (0..<rows).map { values[$0 * columns + column] } }
  }

  static let prefix = "base_model.model."
  /// The model's key of a module's weight.
  static func key(ofWeight module: String) -> String { module + ".weight" }
  /// PEFT's key of a module that is saved whole.
  static func key(ofSaved module: String) -> String { prefix + key(ofWeight: module) }
}

extension LlamaConfiguration {
  /// The linear layers of all blocks: names without `.weight`, and sizes.
  package var linearModules: [(name: String, inFeatures: Int, outFeatures: Int, parts: [Int])] {
    parameters.filter { $0.shape.count == 2 && $0.name.hasSuffix("_proj.weight") }
      .map { (String($0.name.dropLast(".weight".count)), $0.shape[1], $0.shape[0], $0.parts) }
  }

  /// A target of a module of the model, before its rank is known.
  typealias AdaptableModule = (
    name: String, kind: LoRATarget.Kind, weight: String, inFeatures: Int, outFeatures: Int, parts: [Int]
  )

  /// The modules that can be adapted, in the model's order: embedding, the blocks' linear layers, output projection.
  var adaptableModules: [AdaptableModule] {
    let linear = linearModules.map { module -> AdaptableModule in
      (module.name, .linear, LoRATarget.key(ofWeight: module.name), module.inFeatures, module.outFeatures, module.parts)
    }
    func table(_ weight: String, _ kind: LoRATarget.Kind) -> AdaptableModule {
      let stands = tieWordEmbeddings ? LlamaParameterName.embedding : weight
      return (String(weight.dropLast(".weight".count)), kind, stands, hiddenSize, vocabSize, [])
    }
    return [table(LlamaParameterName.embedding, .embedding)] + linear + [table(LlamaParameterName.output, .linear)]
  }
}
