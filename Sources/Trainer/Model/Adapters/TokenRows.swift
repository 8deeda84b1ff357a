/// Rows of a table with a row for each token, which an adapter trains in place of the base's (`trainable_token_indices`).
///
/// - Source: PEFT's TrainableTokensLayer: its trainable_tokens_delta holds the new rows themselves, no differences.
package struct TokenRows: Sendable, Equatable {
  /// The model's key of the table [V, C]: the embedding's where that is the output projection too.
  package let weight: String
  /// Ids of the tokens, each once, in the order of the rows.
  package let indices: [Int]
  /// V and C.
  package let (vocabularySize, width): (Int, Int)

  /// Rows of tokens in a table [V, C].
  package init(weight: String, indices: [Int], vocabularySize: Int, width: Int) {
    (self.weight, self.indices) = (weight, indices)
    (self.vocabularySize, self.width) = (vocabularySize, width)
  }

  /// The module that holds the table, such as `model.embed_tokens`.
  package var module: String { String(weight.dropLast(".weight".count)) }

  /// The rows [n, C] under PEFT's key.
  package var parameter: ParameterDescription {
    ParameterDescription(
      name: LoRATarget.prefix + module + ".token_adapter.trainable_tokens_delta", shape: [indices.count, width])
  }

  /// PEFT's key of the ids, in a recipe and in adapter_config.json.
  static let key = "trainable_token_indices"
  /// The module that a list of ids without a name means.
  static let embedding = "embed_tokens"

  /// The rows that lists of ids mean in a model, in its order. Where the output projection is the embedding, they are
  /// rows of both.
  ///
  /// - Parameter lists: ids by the ends of modules' names.
  /// - Throws: `Unsuitable` for another module, an id without a row, one that stands twice, and for rows of an output
  ///   projection that are not those of the embedding which it is.
  static func all(
    _ lists: [String: [Int]], in configuration: LlamaConfiguration
  ) throws(LoRASettings.Unsuitable) -> [TokenRows] {
    func fault(_ problem: String, _ remedy: String) -> LoRASettings.Unsuitable {
      LoRASettings.Unsuitable(key: key, problem: problem, remedy: remedy)
    }
    var found: [String: [Int]] = [:]
    for (name, indices) in lists.sorted(by: { $0.key < $1.key }) where !indices.isEmpty {
      let table = LlamaParameterName.tables.first { ("." + $0).hasSuffix("." + LoRATarget.key(ofWeight: name)) }
      guard let table, found[table] == nil else {
        throw fault("'\(name)' is no table of tokens, or stands twice", "name embed_tokens and lm_head, each once")
      }
      if let wrong = indices.first(where: { !(0..<configuration.vocabSize).contains($0) }) {
        throw fault("the model has no token \(wrong)", "give ids from 0 to \(configuration.vocabSize - 1)")
      }
      guard Set(indices).count == indices.count else { throw fault("an id stands twice", "give each id once") }
      found[table] = indices
    }
    if configuration.tieWordEmbeddings, let own = found.removeValue(forKey: LlamaParameterName.output),
      own != found[LlamaParameterName.embedding]
    {
      throw fault(
        "lm_head has other rows than embed_tokens, and the two are one matrix in the base",
        "name the same ids for both, or embed_tokens alone")
    }
    return [LlamaParameterName.embedding, LlamaParameterName.output].compactMap { weight in
      found[weight].map {
        TokenRows(
          weight: weight, indices: $0, vocabularySize: configuration.vocabSize, width: configuration.hiddenSize)
      }
    }
  }
}

extension LoRASettings {
  /// The rows of single tokens that the adapter trains in place of the base's.
  ///
  /// - Throws: `Unsuitable` for ids that the model does not have, and for a table that is trained in another way too.
  package func tokenRows(in configuration: LlamaConfiguration) throws(Unsuitable) -> [TokenRows] {
    let rows = try TokenRows.all(tokenIndices, in: configuration)
    guard !rows.isEmpty else { return [] }
    let taken = Set(
      try targets(in: configuration).map(\.weight) + savedWeights(in: configuration).map(\.name))
    if let twice = rows.first(where: { taken.contains($0.weight) }) {
      throw Unsuitable(
        key: TokenRows.key, problem: "rows of \(twice.module) are trained, and it is adapted or trained whole as well",
        remedy: "leave it out of target_modules and modules_to_save")
    }
    return rows
  }
}
