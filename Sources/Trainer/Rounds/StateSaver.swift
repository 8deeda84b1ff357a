import Foundation
import GPUTensor

/// Saves states of a run together with the tensors on the device, and brings them back, or the base where a run begins.
struct StateSaver {
  let material: RunInputs
  let device: RunOnDevice
  let folder: RunFolder

  private var recipe: Recipe { material.recipe }
  private var checkpoint: RunCheckpoint { RunCheckpoint(folder.checkpoint) }

  // MARK: - Saving

  /// Saves a state within a round.
  func save(_ state: RunState) throws {
    let isBestKept = state.best != nil && recipe.rounds[state.round - 1].settings.loadBestModelAtEnd
    try checkpoint.save(state, tensors: tensors(best: isBestKept), from: device.executor)
  }

  /// Saves a state between two rounds, whose weights the last round's folder has.
  func saveBetweenRounds(_ state: RunState) throws { try checkpoint.saveBetweenRounds(state) }

  /// The question of a measurement within a round before each replay of the model's plan: where a signal came, it saves the
  /// state that the measurement began with, and throws `RoundError.interrupted`.
  func pause(_ state: RunState) -> () throws -> Void {
    {
      guard Interruption.signal != nil else { return }
      try save(state)
      try Interruption.check(inRound: recipe.rounds[state.round - 1].name, step: state.step)
    }
  }

  // MARK: - Bringing back

  /// Begins a new run: writes its recipe, and makes M0 the model on the device.
  ///
  /// - Throws: `RoundError.checkpointMissing` where rounds have ended in the folder.
  func start() throws {
    try folder.checkStart()
    try folder.clearLeftovers()
    try AtomicFile.write(Data(recipe.yaml.utf8), to: folder.recipe)
    try loadBase()
  }

  /// The saved state and its folder; nil where no checkpoint stands.
  func load() throws(FileError) -> (state: RunState, folder: URL)? { try checkpoint.load() }

  /// Makes M0 the model on the device.
  private func loadBase() throws {
    switch material.base {
    case .source(let source):
      try device.model.weights.load(from: source, into: device.executor)
      try device.adapters?.loadSaved(from: source)
    case .fresh(let seed): try device.model.weights.initialize(seed: seed, into: device.executor)
    }
  }

  /// Makes the model of a saved state the one on the device: that of a round under way, or of the last finished one.
  func restore(_ state: RunState, from saved: URL) throws {
    let before = state.round > 1 ? folder.round(state.round - 1, recipe.rounds[state.round - 2].name) : nil
    if let adapters = device.adapters {
      try loadBase()
      if let before {
        try adapters.restore(
          before, round: state.round - 1, configuration: material.configuration,
          foldsLast: state.round <= recipe.rounds.count)
      }
    } else if state.files.isEmpty {
      if let before {
        try device.model.weights.load(from: openModel(at: before), into: device.executor)
      } else {
        try loadBase()
      }
    }
    if state.files.isEmpty { return }
    try RunCheckpoint.restore(state, in: saved, tensors: tensors(best: true), to: device.executor)
  }

  /// SHA-256 of M0's weights, as its record has it; nil where they are drawn from the seed.
  func recordedBaseHash() throws(FileError) -> String? { try RoundFile.read(in: folder.round(0, "base"))?.sha256 }

  private func tensors(best isBestKept: Bool) -> [RunCheckpoint.Tensors] {
    var tensors = [("weights", device.model.trained)] + device.step.states.sets
    if isBestKept, let best = device.best { tensors.append(("best_weights", best)) }
    return tensors
  }
}
