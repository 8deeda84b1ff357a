import Foundation
import GPUTensor

/// The inputs of a run, opened and checked; it names every kind of input that a recipe can have.
///
/// They are the base, its tokenizer, and every dataset in tokens.
package struct RunInputs {
  /// The origin of the first weights.
  package enum Base {
    case source(any ModelSource)
    case fresh(seed: UInt64)
  }

  /// The recipe, whose adapters train the rows of tokens that its chat template brings.
  package let recipe: Recipe
  package let base: Base
  package let configuration: LlamaConfiguration
  /// Dtypes of the weights that are frozen and not kept in float32.
  package let baseTypes: [String: DType]
  package let tokenizer: (any Tokenizer)?
  /// The adapter that round 1 starts from (`init_adapter`); nil: a new one, or none.
  let initialAdapter: PEFTAdapter?
  /// SHA-256 of the tokenizer's files, where it was learned from the rounds' texts.
  package let learnedTokenizerHash: String?
  /// The union of each round: D1 … Di, encoded for the round's sequence length; after them the rows of its base replay.
  package let unions: [[Dataset]]
  /// Measures of the samples that each round draws from large datasets.
  let drawn: [DrawnSamples.Totals]
  /// Each dataset's held-out rows, or nil.
  package let valid: [Dataset?]
  /// The text whose loss tells how far the model drifts, or nil.
  package let general: Dataset?
  /// SHA-256 of the files of rows (`RowFiles.sha256`), by the recipe's key that names them: `rounds.0.train`.
  package let fileHashes: [String: String]
  /// Held-out rows that stand among training rows; all of them are allowed to.
  package let leaks: [LeakReport]
  /// The tasks of the rounds, ready to be asked.
  let tasks: RunTasks

  package init(_ recipe: Recipe, note: (String) -> Void) throws {
    var recipe = recipe
    try recipe.checkEvaluations()
    switch recipe.base {
    case .model(let url):
      let source = try openModel(at: url, tokenizer: recipe.baseTokenizer)
      let own = try loadTokenizer(of: source)
      source.notes.forEach(note)
      if let remark = try recipe.checkTokenizer(own, of: source.configuration) { note(remark) }
      if let chosen = try recipe.chosenTemplate(own, source.configuration) {
        chosen.notes.forEach(note)
        (configuration, tokenizer) = (chosen.configuration, chosen.tokenizer)
        recipe = recipe.trainingRows(of: chosen)
        base = .source(
          chosen.added.isEmpty
            ? source : try GrownModel(source, added: chosen.added, configuration: chosen.configuration))
      } else {
        (base, configuration, tokenizer) = (.source(source), source.configuration, own)
      }
      learnedTokenizerHash = nil
    case .preset(let name, let wanted):
      base = .fresh(seed: recipe.seed)
      let (preset, made, learned, notes) = try TextEncoding.preset(name, tokenizer: wanted, of: recipe)
      (configuration, tokenizer) = (preset, made)
      learnedTokenizerHash = learned?.tokenizer.contentHash
      if let learned { note(learned.summary) }
      notes.forEach(note)
    }
    self.recipe = recipe
    if case .source(let source) = base {
      baseTypes = try recipe.baseTypes(of: configuration, source: source)
    } else {
      baseTypes = try recipe.baseTypes(of: configuration, source: nil)
    }
    if case .lora(let settings, let initial) = recipe.method {
      initialAdapter = try settings.openInitial(initial, base: base, configuration: configuration)
      if case .source(let source) = base, source is AdaptedModel {
        note(
          "\(source.path) is itself an adapter: what is trained on it loads in accrete, and in PEFT only once both are "
            + "merged (accrete convert --model \(source.path) --output FOLDER makes a base of its own)")
      }
      initialAdapter?.notes.forEach(note)
    } else {
      initialAdapter = nil
    }
    let text = TextEncoding(tokenizer: tokenizer, configuration: configuration)
    try text.checkLengths(of: recipe)

    var loader = UnionLoader(recipe, text: text)
    valid = try recipe.rounds.map {
      try Interruption.check()
      return try loader.heldOutRows(of: $0)
    }
    unions = try recipe.rounds.indices.map {
      try Interruption.check()
      return try loader.union(ofRound: $0)
    }
    drawn = try recipe.rounds.indices.map { [recipe, unions] index in
      try recipe.drawnSamples(ofRound: index + 1, unions[index]) { try Interruption.check() }.totals
    }
    guard drawn.allSatisfy({ $0.tokens < Int(Int32.max) }) else {
      throw RoundError.unsuitable(
        key: "max_steps", problem: "a round draws more tokens of large files than a device can number",
        remedy: "lower it, or make more rounds of it")
    }
    leaks = loader.leaks.reports(allowed: recipe.allowLeaks)
    if let refusal = leaks.refusal { throw refusal }
    general = try recipe.evaluation.general.map { files in
      try text.load(
        "general", files, settings: recipe.defaults.rows.measuring,
        sequenceLength: recipe.rounds.map(\.settings.sequenceLength).max() ?? 2)
    }
    var hashes: [RowFiles: String] = [:]
    for files in recipe.rowFiles.values where hashes[files] == nil { hashes[files] = try files.sha256() }
    fileHashes = recipe.rowFiles.compactMapValues { hashes[$0] }
    for (index, round) in recipe.rounds.enumerated() {
      var line = Self.describe(unions[index][index], sequenceLength: round.settings.sequenceLength)
      if round.split != nil, let heldOut = valid[index] { line += "; \(heldOut.statistics.rows) rows held out" }
      note(line)
    }
    let read = valid.compactMap { $0 } + unions.flatMap { $0 } + [general].compactMap { $0 }
    read.notes.forEach(note)
    let forms = zip(recipe.rounds, unions).enumerated().map { ($1.0.name, $1.1[$0].remarks.completionForm) }
    askingNotes(tokenizer, rounds: forms).forEach(note)
    leaks.notes.forEach(note)
    unions.last?.compactMap(\.passedNote).forEach(note)
    tasks = try RunTasks(
      recipe, valid: valid, tokenizer: tokenizer,
      positions: RunShape(recipe, configuration, types: baseTypes).positions)
    warnings.forEach(note)
  }

  /// M0's path; empty where it starts from nothing.
  package var basePath: String {
    if case .source(let source) = base { source.path } else { "" }
  }

  /// Bytes of a dataset's files together from which on its rows are encoded when they are drawn; `ACCRETE_LARGE_FILES` says
  /// otherwise, for tests and for machines of little memory.
  package static let largeFrom: Int = {
    ProcessInfo.processInfo.environment["ACCRETE_LARGE_FILES"].flatMap { Int($0) } ?? 64 << 20
  }()

  /// The name of a base replay's rows where datasets are named; no round's name holds a space.
  package static let baseReplayName = "base replay"

  /// SHA-256 of a dataset's files.
  package func hash(of dataset: Dataset) -> String {
    guard let hash = recipe.rowFiles.first(where: { $0.value == dataset.files }).flatMap({ fileHashes[$0.key] }) else {
      preconditionFailure("every file of rows is hashed")
    }
    return hash
  }

  private static func describe(_ dataset: Dataset, sequenceLength: Int) -> String {
    let statistics = dataset.statistics
    let about = statistics.isEstimated ? "about " : ""
    var line =
      "\(dataset.name): \(statistics.rows) rows, \(about)\(statistics.tokens) tokens, "
      + "\(about)\(statistics.supervisedTokens) supervised"
    if statistics.cut > 0 { line += ", \(statistics.cut) cut to \(sequenceLength)" }
    if statistics.split > 0 { line += ", \(statistics.split) split into sequences of \(sequenceLength)" }
    if statistics.tooLong > 0 { line += ", \(statistics.tooLong) dropped as longer than \(sequenceLength)" }
    if statistics.dropped > 0 { line += ", \(statistics.dropped) dropped without a supervised token" }
    if statistics.isEstimated { line += " (of large files: rows are encoded when they are drawn)" }
    return line
  }
}

extension TextEncoding {
  /// Reads and encodes files that belong to no round.
  func load(
    _ name: String, _ files: RowFiles, largeFrom: Int? = nil, settings: RowSettings = RowSettings(),
    sequenceLength: Int,
    reversal: Reversal? = nil,
    inspect: (EncodedRow) -> Void = { _ in }
  ) throws(DatasetError) -> Dataset {
    try Dataset.load(
      name: name, files: files, largeFrom: largeFrom, settings: settings, tokenizer: tokenizer,
      vocabularySize: vocabularySize,
      sequenceLength: sequenceLength, reversal: reversal, inspect: inspect)
  }
}

extension Recipe {
  /// All files of rows, by the key that names them.
  var rowFiles: [String: RowFiles] {
    var files: [String: RowFiles] = [:]
    for (index, round) in rounds.enumerated() {
      files["rounds.\(index).train"] = round.train
      files["rounds.\(index).valid"] = round.valid
      files["rounds.\(index).union.base_replay.train"] = round.settings.union.baseReplay?.train
    }
    files["evaluation.general"] = evaluation.general
    return files
  }
}
