import Foundation
import GPUTensor

/// What a recipe names, opened and checked: the base, its tokenizer, and every dataset in tokens.
package struct RunMaterial {
  /// Where the first weights come from.
  package enum Base {
    case source(any ModelSource)
    case fresh(seed: UInt64)
  }

  package let recipe: Recipe
  package let base: Base
  package let configuration: LlamaConfiguration
  package let tokenizer: (any Tokenizer)?
  /// SHA-256 of the tokenizer's files, where it was learned from the rounds' texts.
  package let learnedTokenizerHash: String?
  /// For each round: D1 … Di, encoded for the round's sequence length.
  package let unions: [[Dataset]]
  /// Each dataset's held-out rows, or nil.
  package let valid: [Dataset?]
  /// SHA-256 of each training file.
  package let hashes: [String]

  package init(_ recipe: Recipe, note: (String) -> Void) throws {
    self.recipe = recipe
    switch recipe.base {
    case .model(let url):
      let source = try openModel(at: url)
      (base, configuration, tokenizer) = (.source(source), source.configuration, try loadTokenizer(of: source))
      learnedTokenizerHash = nil
    case .preset(let name, let wanted):
      base = .fresh(seed: recipe.seed)
      let learned = try Self.learnedTokenizer(wanted, recipe, note: note)
      learnedTokenizerHash = learned.map(\.contentHash)
      tokenizer = try learned ?? wanted.map { try Self.tokenizer($0) }
      var vocabularySize = tokenizer?.vocabularySize
      // Where less could be learned than was asked for, the rest of the rows stays unused.
      if case .bytes(let size)? = wanted { vocabularySize = size }
      guard var preset = LlamaConfiguration.preset(name, vocabSize: vocabularySize) else {
        throw RoundError.unsuitable(
          key: "base.preset", problem: "there is no preset \(name)",
          remedy: "choose one of \(LlamaConfiguration.presetNames.joined(separator: ", "))")
      }
      if let special = tokenizer?.special {
        preset.bosTokenID = special.bos.map(Int.init)
        preset.eosTokenIDs = special.eos.map(Int.init)
        preset.padTokenID = special.pad.map(Int.init)
      }
      configuration = preset
    }
    try Self.checkLengths(recipe, configuration)

    var loaded: [String: Dataset] = [:]
    let (tokenizer, vocabularySize) = (tokenizer, configuration.vocabSize)
    func load(_ name: String, _ url: URL, _ length: Int) throws -> Dataset {
      let key = "\(name) \(url.path) \(length)"
      if let dataset = loaded[key] { return dataset }
      let dataset = try Dataset.load(
        name: name, url: url, tokenizer: tokenizer, vocabularySize: vocabularySize, sequenceLength: length)
      loaded[key] = dataset
      return dataset
    }
    unions = try recipe.rounds.indices.map { last in
      try recipe.rounds[...last].map { round in
        try load(round.name, round.train, recipe.rounds[last].settings.sequenceLength)
      }
    }
    valid = try recipe.rounds.map { round in
      try round.valid.map { try load(round.name, $0, round.settings.sequenceLength) }
    }
    hashes = try recipe.rounds.map { try FileHash.sha256(of: $0.train) }
    for (index, round) in recipe.rounds.enumerated() {
      note(Self.describe(unions[index][index], sequenceLength: round.settings.sequenceLength))
    }
  }

  /// Tokens of the largest micro-batch of any round.
  package var rowCapacity: Int {
    let needed = recipe.rounds.indices.map { index in
      let settings = recipe.rounds[index].settings
      let longest = unions[index].flatMap { $0.samples.map(\.length) }.max() ?? 1
      return settings.perDeviceTrainBatchSize * (settings.packing ? settings.sequenceLength : longest)
    }
    return needed.max() ?? 1
  }

  /// Tokens of the round that has the most.
  package var streamCapacity: Int { unions.map(TokenStream.tokenCount).max() ?? 1 }

  /// The longest sample of any round.
  package var longestSequence: Int { recipe.rounds.map(\.settings.sequenceLength).max() ?? 1 }

  /// The vocabulary learned from the texts of all rounds, or nil where the recipe asks for another one.
  private static func learnedTokenizer(
    _ wanted: RecipeTokenizer?, _ recipe: Recipe, note: (String) -> Void
  ) throws -> SubwordTokenizer? {
    guard case .bytes(let size)? = wanted, size > ByteTokenizer.leastVocabularySize else { return nil }
    let learned = try LearnedTokenizer(files: recipe.rounds.map(\.train), vocabularySize: size)
    let end = learned.endedEarly ? "; no other pair of neighbours occurs twice" : ""
    note("tokenizer: \(learned.tokenizer.vocabularySize) of \(size) tokens learned from the rounds' texts\(end)")
    return learned.tokenizer
  }

  private static func tokenizer(_ wanted: RecipeTokenizer) throws -> any Tokenizer {
    switch wanted {
    case .bytes(let size): try ByteTokenizer(vocabularySize: size)
    case .file(let url): try loadTokenizer(at: url)
    }
  }

  private static func checkLengths(_ recipe: Recipe, _ configuration: LlamaConfiguration) throws {
    for round in recipe.rounds where round.settings.sequenceLength > configuration.maxPositionEmbeddings {
      throw RoundError.unsuitable(
        key: "sequence_length",
        problem: "round \(round.name) asks for \(round.settings.sequenceLength) tokens, the model has positions for "
          + "\(configuration.maxPositionEmbeddings)", remedy: "lower it")
    }
  }

  private static func describe(_ dataset: Dataset, sequenceLength: Int) -> String {
    let statistics = dataset.statistics
    var line =
      "\(dataset.name): \(statistics.rows) rows, \(statistics.tokens) tokens, \(statistics.supervisedTokens) supervised"
    if statistics.cut > 0 { line += ", \(statistics.cut) cut to \(sequenceLength)" }
    if statistics.dropped > 0 { line += ", \(statistics.dropped) dropped without a supervised token" }
    return line
  }
}
