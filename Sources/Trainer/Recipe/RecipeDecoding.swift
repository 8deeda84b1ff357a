import Foundation
import GPUTensor

extension Recipe {
  /// Reads a recipe and lays the overrides over it.
  /// - Parameter overrides: `key=value`, the key a dotted path, the value YAML.
  package static func load(_ url: URL, overrides: [String] = []) throws(RecipeError) -> Recipe {
    let file = url.standardizedFileURL
    var tree = try RecipeParsing.tree(of: file)
    for argument in overrides {
      try RecipeOverride(argument).apply(to: &tree)
    }
    return try RecipeDecoding(folder: file.deletingLastPathComponent()).recipe(tree)
  }
}

/// The tree of a recipe → `Recipe`.
struct RecipeDecoding {
  /// The recipe's folder: relative paths begin here.
  let folder: URL

  private static let runKeys =
    ["output_dir", "seed", "device", "base", "method", "precision", "evaluation", "allow_leaks"] + MemorySettings.keys
  private static let roundKeys = ["name", "train", "valid", "columns", "split", "task"]

  func recipe(_ tree: RecipeNode) throws(RecipeError) -> Recipe {
    let training = TrainingKey.all.map(\.name)
    var elsewhere = TrainingKey.nested
    for key in Self.roundKeys { elsewhere[key] = "a round" }
    let reader = try RecipeReader(
      tree, path: "", known: Self.runKeys + training + ["rounds"], elsewhere: elsewhere, folder: folder)

    var defaults = TrainingSettings()
    for key in TrainingKey.all { try key.read(reader, &defaults) }
    guard let output = try reader.path("output_dir") else {
      throw reader.missing("output_dir", remedy: "name the run's folder, as in output_dir: runs/first")
    }
    let rounds = try rounds(reader, defaults: defaults)
    let (base, storage) = try base(reader)
    try Self.checkWeights(of: rounds, at: reader)
    let method = try Self.method(reader, base: storage)
    return Recipe(
      outputDirectory: output,
      seed: UInt64(try reader.integer("seed", in: 0...Int.max) ?? 0),
      device: try reader.text("device", allowed: "auto, cpu, an index or part of a device's name"),
      base: base, baseStorage: storage, method: method,
      precision: try reader.word("precision", as: Precision.self) ?? .fp32,
      memory: try MemorySettings(reader, method: method, rounds: rounds),
      evaluation: try Self.evaluation(reader), allowLeaks: try Self.allowLeaks(reader, rounds: rounds.map(\.name)),
      defaults: defaults, rounds: rounds)
  }

  // MARK: - The run

  private func base(_ reader: RecipeReader) throws(RecipeError) -> (RecipeBase, BaseStorage) {
    let remedy = "name a model, as in base: {model: models/SmolLM2-135M-Instruct}, or a preset"
    guard let node = reader.node("base") else { throw reader.missing("base", remedy: remedy) }
    let base = try reader.mapping(node, "base", known: ["model", "preset", "tokenizer", "dtype"])
    let storage = try base.word("dtype", as: BaseStorage.self) ?? .fp32
    if let model = try base.path("model") {
      for key in ["preset", "tokenizer"] {
        guard let extra = base.node(key) else { continue }
        throw RecipeError(
          place: extra.place, message: "base.\(key) stands beside base.model, which brings its own: keep one of them")
      }
      return (.model(model), storage)
    }
    guard let preset = try base.text("preset", allowed: "a preset's name") else {
      throw base.missing("model", remedy: remedy)
    }
    return (.preset(name: preset, tokenizer: try tokenizer(base)), storage)
  }

  private func tokenizer(_ base: RecipeReader) throws(RecipeError) -> RecipeTokenizer? {
    guard let node = base.node("tokenizer"), !node.isNull else { return nil }
    guard case .mapping = node.content else {
      return try base.path("tokenizer").map { .file($0) }
    }
    let reader = try base.mapping(node, "tokenizer", known: ["vocab_size"])
    guard let size = try reader.integer("vocab_size", in: 1...10_000_000) else {
      throw reader.missing("vocab_size", remedy: "give the number of tokens to train, as in {vocab_size: 2048}")
    }
    return .bytes(vocabularySize: size)
  }

  // MARK: - The rounds

  private func rounds(_ reader: RecipeReader, defaults: TrainingSettings) throws(RecipeError) -> [ResolvedRound] {
    let remedy = "list at least one round, as in rounds: [{name: first, train: first/train.jsonl}]"
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
    var elsewhere = TrainingKey.nested
    for key in Self.runKeys + ["rounds"] { elsewhere[key] = "the whole recipe, not of a round" }
    let reader = try RecipeReader(
      node, path: "rounds[\(index)]", known: Self.roundKeys + TrainingKey.all.map(\.name), elsewhere: elsewhere,
      folder: folder)
    let allowed = "letters, digits, '-', '_' and '.', not beginning with '-' or '.', at most 100 bytes"
    guard let name = try reader.text("name", allowed: allowed) else {
      throw reader.missing("name", remedy: "name the round, as in name: translation")
    }
    guard Self.isFolderName(name) else {
      throw RecipeError(
        place: reader.node("name")?.place ?? reader.place,
        message: "\(reader.name("name")) is '\(name.split(whereSeparator: \.isNewline).joined(separator: " "))', "
          + "but names a folder and should be \(allowed)")
    }
    guard let train = try reader.path("train") else {
      throw reader.missing("train", remedy: "name the round's training rows, as in train: translation/train.jsonl")
    }
    let isNull = reader.node("valid")?.isNull ?? true
    var settings = defaults
    for key in TrainingKey.all { try key.read(reader, &settings) }
    let round = ResolvedRound(
      name: name, train: train, valid: isNull ? nil : try reader.path("valid"),
      columns: try Self.columns(reader), split: try Self.split(reader), task: try Self.task(reader), settings: settings)
    try Self.checkTask(of: round, at: reader)
    return round
  }

  /// Whether a name can stand as, or in, a folder's name everywhere.
  static func isFolderName(_ name: String) -> Bool {
    guard let first = name.unicodeScalars.first, first != ".", first != "-", name.utf8.count <= 100 else {
      return false
    }
    return name.unicodeScalars.allSatisfy {
      $0.properties.isAlphabetic || $0.properties.numericType != nil || "-_.".unicodeScalars.contains($0)
        || $0.properties.generalCategory == .nonspacingMark
    }
  }
}
