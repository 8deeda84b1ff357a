import Foundation
import GPUTensor

/// Saves states of a run together with what is on the device, and brings them back.
struct StateSaver {
  let recipe: Recipe
  let device: RunOnDevice
  let checkpoint: RunCheckpoint

  /// Saves a state within a round.
  func save(_ state: RunState) throws {
    let isBestKept = state.best != nil && recipe.rounds[state.round - 1].settings.loadBestModelAtEnd
    try checkpoint.save(state, tensors: tensors(best: isBestKept), from: device.executor)
  }

  /// The question of a measurement within a round before each run of the model: where a signal came, the state that the
  /// measurement began with is saved, and the run ends.
  func pause(_ state: RunState) -> () throws -> Void {
    {
      guard let signal = Interruption.signal else { return }
      try save(state)
      throw RoundError.interrupted(signal: signal, round: recipe.rounds[state.round - 1].name, step: state.step)
    }
  }

  /// Sends the tensors of a state within a round to the device.
  func restore(_ state: RunState, from saved: URL) throws {
    try RunCheckpoint.restore(state, in: saved, tensors: tensors(best: true), to: device.executor)
  }

  private func tensors(best isBestKept: Bool) -> [RunCheckpoint.Tensors] {
    var tensors = [("weights", device.model.trained)] + device.step.states.sets
    if isBestKept, let best = device.best { tensors.append(("best_weights", best)) }
    return tensors
  }
}
