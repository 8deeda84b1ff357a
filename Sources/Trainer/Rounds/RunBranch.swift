import Foundation

/// Branch of a run: the rounds from a chosen one on, taken again under other settings, in a run folder of its own.
///
/// The branch begins as a run that has ended the earlier rounds: their models are links into the run that it continues,
/// their rows of the matrix are copied. From there it is an ordinary run that is resumed.
package struct RunBranch {
  private let recipe: Recipe
  private let name: String
  private let fromRound: Int
  private let parent: RunFolder
  private var target: RunFolder { RunFolder(parent.branches.appending(path: name)) }
  private var branchRecipe: Recipe {
    var recipe = recipe
    recipe.outputDirectory = target.url
    return recipe
  }

  /// Describes a branch; nothing is written yet.
  ///
  /// - Parameters:
  ///   - recipe: recipe of the branch; its `output_dir` is the run that the branch continues.
  ///   - name: name of the branch's folder.
  ///   - fromRound: first round to take again, from 1.
  /// - Throws: `RoundError.unsuitable` where the name is no folder's, or the recipe has no such round.
  package init(of recipe: Recipe, name: String, fromRound: Int) throws(RoundError) {
    self.recipe = recipe
    self.name = name
    self.fromRound = fromRound
    parent = RunFolder(recipe.outputDirectory)
    guard ResolvedRound.isFolderName(name) else {
      throw .unsuitable(
        key: "--branch", problem: "'\(name)' names a folder", remedy: "use letters, digits, '-', '_' and '.'")
    }
    guard recipe.rounds.indices.contains(fromRound - 1) else {
      throw .unsuitable(
        key: "--from-round", problem: "the recipe has the rounds 1 to \(recipe.rounds.count), not \(fromRound)",
        remedy: "name one of them")
    }
  }

  /// Makes the branch's folder, unless it is there already, and takes it for this process.
  ///
  /// - Parameters:
  ///   - resuming: true where a branch that is there may go on.
  ///   - note: called with a sentence where the file system has no locks.
  /// - Returns: the recipe to run, resuming, and the lock of its folder.
  package func prepare(resuming: Bool, note: (String) -> Void) throws -> (recipe: Recipe, lock: RunLock) {
    guard parent.holdsRun else {
      throw FileError(
        .notFound, path: parent.url.path, "there is no run to branch from",
        remedy: "train the recipe first, or correct output_dir")
    }
    if target.holdsRun {
      guard resuming else { throw RoundError.outputTaken(folder: target.url.path, found: "a branch") }
      return (branchRecipe, try RunLock(target.url, note: note))
    }
    let state = try beginning()
    let new = RunFolder(parent.branches.appending(path: ".\(name).new"))
    let files = FileManager.default
    try files.createDirectory(at: new.url, withIntermediateDirectories: true)
    let lock = try RunLock(new.url, note: note)
    for name in try files.names(in: new.url) where name != RunLock.name {
      try files.removeItem(at: new.url.appending(path: name))
    }
    try files.createDirectory(at: new.rounds, withIntermediateDirectories: true)
    for round in 0..<fromRound {
      let folder = parent.round(round, roundName(round)).lastPathComponent
      try files.createSymbolicLink(
        atPath: new.rounds.appending(path: folder).path, withDestinationPath: "../../../rounds/" + folder)
    }
    if fromRound > 1 { try new.linkFinal(to: parent.round(fromRound - 1, roundName(fromRound - 1))) }
    try BranchFile(parentRun: "../..", fromRound: fromRound).write(in: new.url)
    try TransferFile(state.transfer).write(in: new.url)
    try RunCheckpoint(new.checkpoint).saveBetweenRounds(state)
    try AtomicFile.write(Data(branchRecipe.yaml.utf8), to: new.recipe)
    // The folder gets its name once it is whole: where the process was killed before, the branch is made anew.
    try files.moveItem(at: new.url, to: target.url)
    lock.folderMoved(to: target.url)
    return (branchRecipe, lock)
  }

  private func roundName(_ round: Int) -> String { round == 0 ? "base" : recipe.rounds[round - 1].name }

  /// State of a run that is about to begin the branch's first round.
  private func beginning() throws -> RunState {
    guard let saved = try RunCheckpoint(parent.checkpoint).load()?.state else {
      throw FileError(
        .notFound, path: parent.checkpoint.path, "the run has no checkpoint", remedy: "train it first")
    }
    try checkEarlierRounds(against: saved)
    let records = try (0..<fromRound).map { round in
      let folder = parent.round(round, roundName(round))
      guard saved.round > round, let record = try RoundFile.read(in: folder) else {
        throw FileError(
          .notFound, path: folder.path, "the run has not ended round \(round)",
          remedy: "branch from an earlier round, or train it first")
      }
      return record
    }
    let changes = try recipe.changes(since: saved.recipe)
    let columns = recipe.rounds.enumerated().map { index, round -> Int? in
      guard saved.transfer.datasets.indices.contains(index), saved.transfer.datasets[index] == round.name else {
        return nil
      }
      let isChanged = changes.contains { change in
        Self.heldOutKeys.contains { change.isWithin("rounds.\(index).\($0)") }
      }
      return isChanged ? nil : index
    }
    var state = RunState(
      round: fromRound,
      transfer: saved.transfer.prefix(rounds: fromRound - 1).selecting(columns, names: recipe.rounds.map(\.name)),
      finalLosses: records.dropFirst().map(\.finalLoss), parentSha256: records.last?.sha256,
      recipe: branchRecipe.yaml, datasets: saved.datasets, tokenizer: saved.tokenizer)
    state.tuning = saved.tuning
    for index in recipe.rounds.indices.dropFirst(fromRound - 1) {
      state.datasets = state.datasets.filter { !$0.key.hasPrefix("rounds.\(index).") }
    }
    return state
  }

  /// Keys of a round that decide which rows it holds out.
  private static let heldOutKeys = ["train", "valid", "columns", "split"]

  /// Throws where the branch's recipe changes a key of the rounds that were trained before it.
  private func checkEarlierRounds(against saved: RunState) throws {
    var fixed = ["base", "method", "precision"]
    for index in 0..<fromRound - 1 { fixed += (["name"] + Self.heldOutKeys).map { "rounds.\(index).\($0)" } }
    let changes = try recipe.changes(since: saved.recipe)
    guard let change = changes.first(where: { change in fixed.contains { change.isWithin($0) } }) else { return }
    throw RoundError.unsuitable(
      key: "--from-round", problem: "\(change), which belongs to what was trained before round \(fromRound)",
      remedy: "restore it, or branch from an earlier round")
  }
}

extension TransferMatrix {
  /// Matrix of other datasets: each takes the column at its index, or nils where that is nil.
  fileprivate func selecting(_ columns: [Int?], names: [String]) -> TransferMatrix {
    var matrix = self
    func selected(_ rows: [[Double?]]) -> [[Double?]] { rows.map { row in columns.map { $0.flatMap { row[$0] } } } }
    matrix.datasets = names
    matrix.loss = selected(loss)
    matrix.metrics = metrics.mapValues(selected)
    matrix.standardErrors = standardErrors.mapValues(selected)
    return matrix
  }
}
