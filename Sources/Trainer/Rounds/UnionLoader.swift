/// Reads the datasets of a recipe's rounds: each once for each way in which rounds read it; all rows pass the check for
/// leaks.
struct UnionLoader {
  private let recipe: Recipe
  private let text: TextEncoding
  private var loaded: [String: Dataset] = [:]
  /// Datasets whose training rows the check has seen: a round of another sequence length reads them again.
  private var checked: Set<String> = []
  /// Compares held-out rows with training rows as they are read.
  private(set) var leaks = LeakCheck()
  /// Called with each training row, when it is read first, and the name of its dataset.
  private let inspect: (EncodedRow, String) -> Void

  init(_ recipe: Recipe, text: TextEncoding, inspect: @escaping (EncodedRow, String) -> Void = { _, _ in }) {
    self.recipe = recipe
    self.text = text
    self.inspect = inspect
  }

  /// Reads a round's held-out rows; nil where it has none.
  mutating func heldOutRows(of round: ResolvedRound) throws(DatasetError) -> Dataset? {
    try round.loadHeldOutRows(text, seed: recipe.seed, sequenceLength: round.settings.sequenceLength) {
      leaks.holdOut($0.row, at: $0.place, of: round.name)
    }
  }

  /// Reads D1 … Di for round i, encoded as its settings say, and after them the rows of its base replay.
  ///
  /// - Parameter last: the round, from 0.
  mutating func union(ofRound last: Int) throws -> [Dataset] {
    let settings = recipe.rounds[last].settings
    var union: [Dataset] = []
    for (index, round) in recipe.rounds[...last].enumerated() {
      union.append(
        try dataset(index, round.name, ofRound: last) { [recipe, text] reversal, inspect in
          try round.loadTrainingRows(
            text, seed: recipe.seed, sequenceLength: settings.sequenceLength, reversal: reversal, inspect: inspect)
        })
    }
    guard let replay = settings.union.baseReplay else { return union }
    let rows = try dataset(union.count, "\(RunInputs.baseReplayName) \(replay.train.path)", ofRound: last) {
      [text] reversal, inspect in
      try text.load(
        RunInputs.baseReplayName, replay.train, largeFrom: RunInputs.largeFrom, settings: settings.rows,
        sequenceLength: settings.sequenceLength,
        reversal: reversal, inspect: inspect)
    }
    return union + [rows]
  }

  private mutating func dataset(
    _ index: Int, _ name: String, ofRound last: Int, load: (Reversal?, (EncodedRow) -> Void) throws -> Dataset
  ) throws -> Dataset {
    let settings = recipe.rounds[last].settings
    let reversal = Reversal(
      settings.objective, tokenizer: text.tokenizer, seed: recipe.seed, round: last + 1, dataset: index)
    // A base replay is read by the settings of the round that draws from it, a round's own rows by its own.
    let reader = index > last ? "\(settings.rows)" : ""
    let key = "\(settings.sequenceLength) \(name) \(reversal?.key ?? "") \(reader)"
    if let dataset = loaded[key] { return dataset }
    let isNew = checked.insert(name).inserted
    let dataset = try load(reversal) { [inspect] row in
      guard isNew else { return }
      leaks.train(row.row, at: row.place, of: name)
      inspect(row, name)
    }
    if isNew { try leaks.train(large: dataset, of: name) }
    loaded[key] = dataset
    return dataset
  }
}
