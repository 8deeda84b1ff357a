import Foundation

/// Checks that a saved state still belongs to the recipe and its files: a change is refused, or accepted by name.
struct RunResumption {
  /// Keys that no run goes on without: weights that were trained under one value mean nothing under another.
  private static let fixed = ["base", "method", "precision", "optimizer"]

  let recipe: Recipe
  let material: RunInputs
  let folder: RunFolder
  /// Keys that may have changed; the key of a mapping or a round stands for all keys in it.
  let accepted: [String]

  /// Refuses a change that is not accepted, and makes an accepted one the state's own.
  func check(_ state: inout RunState) throws {
    let changes = try recipe.changes(since: state.recipe)
    if let change = changes.first(where: { change in Self.fixed.contains { change.isWithin($0) } }) {
      // The hub's model of a name may have moved on: a commit names the one that the run began with.
      let name = change.key == "base.model" ? change.before.flatMap { HubCache.name(ofSnapshot: $0) } : nil
      throw refusal(
        "\(change), and no run goes on under another \(change.key)",
        "restore it" + (name.map { " (base.model=\($0))" } ?? ""))
    }
    let unaccepted = changes.filter { !isAccepted($0.key) }
    guard unaccepted.isEmpty else {
      throw refusal(
        "the recipe is not the one this run was started with "
          + "(\(unaccepted.map(\.description).joined(separator: "; ")))",
        "restore it, accept each change by its key with --accept KEY")
    }
    try addRounds(to: &state)
    guard state.tokenizer == material.learnedTokenizerHash else {
      throw refusal(
        "the rounds' training files give another vocabulary (base.tokenizer.vocab_size) than when the run was started",
        "restore the files, go on from the last model in a recipe of its own (base: {model: …/rounds/final})")
    }
    try checkFiles(of: state)
    (state.recipe, state.datasets) = (recipe.yaml, material.fileHashes)
    if !changes.isEmpty { try AtomicFile.write(Data(recipe.yaml.utf8), to: folder.recipe) }
  }

  private func isAccepted(_ key: String) -> Bool {
    accepted.contains { key == $0 || key.hasPrefix($0 + ".") }
  }

  /// Adds the rounds that stand after the last: the models so far were not measured on their datasets.
  private func addRounds(to state: inout RunState) throws {
    let (old, new) = (state.transfer.datasets, recipe.rounds.map(\.name))
    guard new.starts(with: old) else {
      throw refusal(
        "the run has the rounds \(old.joined(separator: ", ")), the recipe \(new.joined(separator: ", "))",
        "keep their names and order; new ones come after the last")
    }
    for name in new[old.count...] { state.transfer.append(dataset: name) }
  }

  /// Refuses files of rows that are not as they were: the rows that were drawn from them are no longer known.
  private func checkFiles(of state: RunState) throws {
    for (key, hash) in material.fileHashes.sorted(by: { $0.key < $1.key }) {
      guard let old = state.datasets[key], old != hash, !isAccepted(key) else { continue }
      throw refusal(
        "\(key) (\(recipe.rowFiles[key]?.path ?? "")) is not what the run was started with",
        "restore it, accept it with --accept \(key)")
    }
  }

  private func refusal(_ problem: String, _ remedy: String) -> RoundError {
    .unsuitable(key: "--resume", problem: problem, remedy: remedy + ", or choose another output_dir")
  }
}
