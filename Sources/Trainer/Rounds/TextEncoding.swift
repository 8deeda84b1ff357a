import Foundation

/// The properties of a model by which text becomes tokens: its tokenizer, its vocabulary, its longest sequence.
package struct TextEncoding: Sendable {
  /// The model's tokenizer; nil where only token ids can be read.
  package let tokenizer: (any Tokenizer)?
  /// The number of token ids: each id is below it.
  package let vocabularySize: Int
  /// Positions that the model has; nil where no configuration says so.
  package let positions: Int?
  /// Remarks on the model's files, a line each.
  package let notes: [String]

  package init(tokenizer: (any Tokenizer)?, configuration: LlamaConfiguration, notes: [String] = []) {
    self.tokenizer = tokenizer
    self.notes = notes
    vocabularySize = configuration.vocabSize
    positions = configuration.maxPositionEmbeddings
  }

  private init(tokenizer: any Tokenizer) {
    self.tokenizer = tokenizer
    vocabularySize = tokenizer.vocabularySize
    positions = nil
    notes = []
  }

  /// Opens the configuration and the tokenizer of a recipe's base, without its weights; a folder may hold the tokenizer
  /// alone.
  package init(_ recipe: Recipe) throws {
    switch recipe.base {
    case .preset(let name, let wanted):
      let (configuration, tokenizer, _, notes) = try Self.preset(name, tokenizer: wanted, of: recipe)
      self.init(tokenizer: tokenizer, configuration: configuration, notes: notes)
    case .model(let url):
      guard url.isFolder else {
        let source = try openModel(at: url, tokenizer: recipe.baseTokenizer)
        try self.init(recipe, try loadTokenizer(of: source), source.configuration, notes: source.notes)
        return
      }
      guard FileManager.default.fileExists(atPath: url.appending(path: "config.json").path) else {
        let tokenizer = try loadTokenizer(at: recipe.baseTokenizer ?? url)
        let rows = LlamaConfiguration(vocabSize: tokenizer.vocabularySize)
        self.init(tokenizer: try recipe.chosenTemplate(tokenizer, rows)?.tokenizer ?? tokenizer)
        return
      }
      let (model, files) = try FolderConfigurations.read(url)
      var tokenizer: (any Tokenizer)?
      if let named = recipe.baseTokenizer {
        tokenizer = try loadTokenizer(TokenizerFiles(named), vocabularySize: model.vocabSize)
      } else if TokenizerFiles.stand(in: url) {
        tokenizer = try loadTokenizer(folder: url, configurations: files)
      }
      try self.init(recipe, tokenizer, model, notes: [])
    }
  }

  /// The base's own tokenizer and configuration, or those that the recipe's chat template makes of them.
  private init(
    _ recipe: Recipe, _ tokenizer: (any Tokenizer)?, _ configuration: LlamaConfiguration, notes: [String]
  ) throws(RoundError) {
    let remark = try recipe.checkTokenizer(tokenizer, of: configuration)
    let chosen = try recipe.chosenTemplate(tokenizer, configuration)
    self.init(
      tokenizer: chosen?.tokenizer ?? tokenizer, configuration: chosen?.configuration ?? configuration,
      notes: notes + (remark.map { [$0] } ?? []) + (chosen?.notes ?? []))
  }

  /// The configuration of a model that starts from nothing, with the special tokens of its tokenizer.
  ///
  /// - Returns: `learned`, where the tokenizer was learned from the training rows of all rounds; remarks on the recipe's
  ///   chat template.
  static func preset(
    _ name: String, tokenizer wanted: RecipeTokenizer?, of recipe: Recipe
  ) throws -> (
    configuration: LlamaConfiguration, tokenizer: (any Tokenizer)?, learned: LearnedTokenizer?, notes: [String]
  ) {
    var learned: LearnedTokenizer?
    var size: Int?
    let tokenizer: (any Tokenizer)?
    switch wanted {
    case .bytes(let count) where count > ByteTokenizer.leastVocabularySize:
      let found = try LearnedTokenizer(recipe.rounds.map { $0.source(seed: recipe.seed) }, vocabularySize: count)
      // Where less could be learned than was asked for, the rest of the rows stays unused.
      (tokenizer, learned, size) = (found.tokenizer, found, count)
    case .bytes(let count): tokenizer = try ByteTokenizer(vocabularySize: count)
    case .file(let url): tokenizer = try loadTokenizer(at: url)
    case nil: tokenizer = nil
    }
    guard var configuration = LlamaConfiguration.preset(name, vocabSize: size ?? tokenizer?.vocabularySize) else {
      throw RoundError.unknownPreset(name)
    }
    if let special = tokenizer?.special {
      configuration.bosTokenID = special.bos.map(Int.init)
      configuration.eosTokenIDs = special.eos.map(Int.init)
      configuration.padTokenID = special.pad.map(Int.init)
    }
    guard let chosen = try recipe.chosenTemplate(tokenizer, configuration) else {
      return (configuration, tokenizer, learned, [])
    }
    return (chosen.configuration, chosen.tokenizer, learned, chosen.notes)
  }

  /// Refuses a round whose sequences are longer than the model can read.
  package func checkLengths(of recipe: Recipe) throws(RoundError) {
    guard let positions else { return }
    for round in recipe.rounds where round.settings.sequenceLength > positions {
      throw .unsuitable(
        key: "sequence_length",
        problem: "round \(round.name) asks for \(round.settings.sequenceLength) tokens, the model has positions for "
          + "\(positions)", remedy: "lower it")
    }
  }
}

extension Recipe {
  /// Refuses a tokenizer in the place of the base's own that has more tokens than the base.
  ///
  /// - Returns: a remark on the tokenizer that the recipe names; nil where it names none for a pretrained base.
  func checkTokenizer(
    _ tokenizer: (any Tokenizer)?, of configuration: LlamaConfiguration
  ) throws(RoundError) -> String? {
    guard case .model = base, let baseTokenizer, let tokenizer else { return nil }
    guard tokenizer.vocabularySize <= configuration.vocabSize else {
      throw .unsuitable(
        key: "base.tokenizer",
        problem:
          "\(baseTokenizer.path) has \(tokenizer.vocabularySize) tokens, the model \(configuration.vocabSize) rows",
        remedy: "name the tokenizer that the model was trained with")
    }
    return "tokenizer: \(baseTokenizer.path), as base.tokenizer says"
  }
}
