import Foundation
import GPUTensor
import Kernels

/// Where a run stands between two steps, to go on from after any stop.
package struct RunState: Codable, Sendable {
  /// The lowest held-out loss within a round, and what followed.
  package struct Best: Codable, Sendable, Equatable {
    /// The step at which it was measured, and the mean over the datasets seen so far, in nats.
    package var step: Int
    package var loss: Double
    /// Evaluations since that brought no better one.
    package var evaluationsSince: Int
  }

  /// The work that is still to be done after the last step taken, before anything else.
  package enum Pending: String, Codable, Sendable {
    /// The held-out losses within the round.
    case evaluation
    /// The measurement of the round's model, which is chosen already.
    case ending
  }

  /// How products were computed, which decides their last bits, and on which device.
  package struct Tuning: Codable, Sendable, Equatable {
    package var device: String
    package var products: [MatmulClass: MatmulParameters]

    /// As an executor has it; nil: the CPU fallback, which has one way.
    package init?(_ executor: any Executor) {
      guard let traits = executor.traits else { return nil }
      (device, products) = (executor.deviceName, traits.tunedProducts)
    }

    /// The parameters where the device is the same; nil: another, which has its own.
    package func products(on device: Device) -> [MatmulClass: MatmulParameters]? {
      let holds =
        self.device == OpenCLExecutor.name(of: device) && products.values.allSatisfy { $0.isValid(on: device) }
      return holds ? products : nil
    }
  }

  /// The round that is under way, from 1, and the steps it has taken.
  package var round: Int
  package var step: Int
  /// nil: the next step, or after the last one the choice of the round's model.
  package var pending: Pending?
  package var cursor = PackingCursor()
  package var transfer: TransferMatrix
  /// Rows and tokens read of each dataset so far in this round.
  package var rowsSeen: [Int] = []
  package var tokensSeen: [Int] = []
  /// The last finite loss of each finished round, and of the one under way.
  package var finalLosses: [Double?] = []
  package var lastLoss: Double?
  /// Steps in a row, up to this one, without finite numbers.
  package var stepsNotFinite = 0
  /// nil before the round's first evaluation.
  package var best: Best?
  /// Whether the round ended before its last step, for want of a better held-out loss.
  package var stoppedEarly = false
  /// Seconds that the round has taken so far.
  package var seconds = 0.0
  /// The last finished model's weights.
  package var parentSha256: String?
  /// SHA-256 of each file of tensors beside the state; empty between rounds, where the last round's folder has them.
  package var files: [String: String] = [:]
  /// The resolved recipe, as YAML.
  package var recipe: String
  /// SHA-256 of each file of rows, by the recipe's key that names it.
  package var datasets: [String: String]
  /// SHA-256 of the tokenizer that was learned from the rounds' texts; nil where none was.
  package var tokenizer: String?
  package var tuning: Tuning?

  /// The beginning of a round.
  package init(
    round: Int, transfer: TransferMatrix, finalLosses: [Double?] = [], parentSha256: String? = nil, recipe: String,
    datasets: [String: String], tokenizer: String?
  ) {
    self.round = round
    step = 0
    self.transfer = transfer
    self.finalLosses = finalLosses
    self.parentSha256 = parentSha256
    self.recipe = recipe
    self.datasets = datasets
    self.tokenizer = tokenizer
  }

  /// Forgets what belongs to the round before.
  ///
  /// - Parameter datasets: how many the round reads.
  package mutating func beginRound(datasets: Int) {
    pending = nil
    cursor = PackingCursor()
    rowsSeen = [Int](repeating: 0, count: datasets)
    tokensSeen = rowsSeen
    lastLoss = nil
    stepsNotFinite = 0
    best = nil
    stoppedEarly = false
    seconds = 0
  }

  /// Makes room for the counts of as many datasets: an accepted change may have brought another.
  package mutating func countRows(of datasets: Int) {
    func padded(_ counts: [Int]) -> [Int] {
      Array((counts + [Int](repeating: 0, count: datasets)).prefix(max(datasets, counts.count)))
    }
    (rowsSeen, tokensSeen) = (padded(rowsSeen), padded(tokensSeen))
  }

  /// The state at the beginning of the round under way.
  package var restarted: RunState {
    var state = RunState(
      round: round, transfer: transfer, finalLosses: finalLosses, parentSha256: parentSha256, recipe: recipe,
      datasets: datasets, tokenizer: tokenizer)
    state.tuning = tuning
    return state
  }

  /// Closes the round under way, whose model has this hash.
  package mutating func endRound(sha256: String) {
    finalLosses.append(lastLoss)
    parentSha256 = sha256
    round += 1
    step = 0
    pending = nil
  }
}
