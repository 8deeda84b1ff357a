import Foundation

extension Recipe {
  /// Reads a recipe's file and applies the overrides.
  /// - Parameter overrides: `key=value`, the key a dotted path, the value YAML.
  package static func load(_ url: URL, overrides: [String] = []) throws(RecipeError) -> Recipe {
    let file = url.standardizedFileURL
    var tree = try RecipeParsing.tree(of: file)
    let overrides = try overrides.map { argument throws(RecipeError) in try RecipeOverride(argument) }
    try RecipeOverride.check(overrides)
    for override in overrides { try override.apply(to: &tree) }
    let recipe = try RecipeDecoding(folder: file.deletingLastPathComponent()).recipe(tree)
    // The run that stands in the recipe's folder goes on as it began.
    let edition = RecipeEdition(ofRunIn: recipe.outputDirectory)
    guard edition != recipe.edition else { return recipe }
    return try RecipeDecoding(folder: file.deletingLastPathComponent(), edition: edition).recipe(tree)
  }
}

/// Decoder: the tree of a recipe → `Recipe`.
struct RecipeDecoding {
  /// The recipe's folder, which relative paths begin at.
  let folder: URL
  /// The edition by which left-out keys are read.
  var edition = RecipeEdition.current

  private static let runKeys = [String](Recipe.keys)
  private static let trainingKeys = [String](TrainingSettings.keys)
  private static let roundKeys = [String](ResolvedRound.keys)

  /// Keys of the mappings among the training keys, by mapping: the advice on a key that stands one level too high.
  private static let innerKeys = Dictionary(
    TrainingSettings.keys.flatMap { key in key.inner.map { ($0.name, key.name) } }
  ) { $1 }

  func recipe(_ tree: RecipeNode) throws(RecipeError) -> Recipe {
    var elsewhere = Self.innerKeys
    for key in Self.roundKeys { elsewhere[key] = "a round" }
    let reader = try RecipeReader(
      tree, path: "", known: Self.runKeys + Self.trainingKeys + ["rounds"], elsewhere: elsewhere, folder: folder)
    var recipe = Recipe.unread
    (recipe.edition, recipe.defaults) = (edition, edition.defaults)
    for key in TrainingSettings.keys { try key.read(reader, into: &recipe.defaults) }
    recipe.rounds = try rounds(reader, defaults: recipe.defaults)
    for key in Recipe.keys { try key.read(reader, into: &recipe) }
    try recipe.checkWeights(at: reader)
    try recipe.checkTrainable(at: reader)
    try recipe.checkMemory(at: reader)
    try recipe.checkOptimizer(at: reader)
    return recipe
  }

  private func rounds(_ reader: RecipeReader, defaults: TrainingSettings) throws(RecipeError) -> [ResolvedRound] {
    let remedy = Recipe.roundsRemedy
    guard let node = reader.node("rounds") else { throw reader.missing("rounds", remedy: remedy) }
    guard case .sequence(let items) = node.content, !items.isEmpty else {
      throw reader.error("rounds", node, allowed: "a list: \(remedy)")
    }
    var rounds: [ResolvedRound] = []
    for (index, item) in items.enumerated() {
      let round = try self.round(item, index: index, defaults: defaults)
      // Some file systems do not tell upper from lower case.
      if let first = rounds.firstIndex(where: { $0.name.lowercased() == round.name.lowercased() }) {
        throw RecipeError(
          place: item.place,
          message: "rounds[\(index)].name is '\(round.name)', the name of rounds[\(first)]: give each its own")
      }
      rounds.append(round)
    }
    return rounds
  }

  private func round(
    _ node: RecipeNode, index: Int, defaults: TrainingSettings
  ) throws(RecipeError) -> ResolvedRound {
    var elsewhere = Self.innerKeys
    for key in Self.runKeys + ["rounds"] { elsewhere[key] = "the whole recipe, not of a round" }
    let reader = try RecipeReader(
      node, path: "rounds[\(index)]", known: Self.roundKeys + Self.trainingKeys, elsewhere: elsewhere, folder: folder)
    var round = ResolvedRound(settings: defaults)
    for key in ResolvedRound.keys { try key.read(reader, into: &round) }
    for key in TrainingSettings.keys { try key.read(reader, into: &round.settings) }
    try round.checkTask(at: reader)
    try round.checkLearning(at: reader)
    return round
  }
}
