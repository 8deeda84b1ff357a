import Foundation
import GPUTensor
import Kernels

/// The state of a run between two steps, from which it goes on after any stop.
package struct RunState: Codable, Sendable {
  /// The lowest held-out loss within a round, and what followed.
  package struct Best: Codable, Sendable, Equatable {
    /// The step after which it was measured.
    package var step: Int
    /// The mean over the datasets seen so far, in nats.
    package var loss: Double
    /// Evaluations since then, none of which brought a lower loss.
    package var evaluationsSince: Int
  }

  /// The work that is still to be done after the last step taken, before anything else.
  package enum Pending: String, Codable, Sendable {
    /// The held-out losses within the round.
    case evaluation
    /// The measurement of the round's model, which is chosen already.
    case ending
  }

  /// The device and the parameters by which products were computed: they decide the last bits.
  package struct Tuning: Codable, Sendable, Equatable {
    package var device: String
    package var products: [MatmulClass: MatmulParameters]

    /// The tuning of an executor; nil for the CPU fallback, which has one way.
    package init?(_ executor: any Executor) {
      guard let traits = executor.traits else { return nil }
      (device, products) = (executor.deviceName, traits.tunedProducts)
    }

    /// The parameters where the device is the same; nil for another device, which has its own.
    package func products(on device: Device) -> [MatmulClass: MatmulParameters]? {
      let holds =
        self.device == OpenCLExecutor.name(of: device) && products.values.allSatisfy { $0.isValid(on: device) }
      return holds ? products : nil
    }
  }

  /// The round under way, from 1; after the last round one more.
  package var round: Int
  /// Steps that the round has taken.
  package var step: Int
  /// Work to be done before anything else; nil: the next step, or after the last one the choice of the round's model.
  package var pending: Pending?
  /// The place in the round's draws where the next micro-batch begins.
  package var cursor = PackingCursor()
  package var transfer: TransferMatrix
  /// Rows of each dataset that the round has read so far.
  package var rowsSeen: [Int] = []
  /// Tokens of each dataset that the round has read so far.
  package var tokensSeen: [Int] = []
  /// The last finite loss of each finished round.
  package var finalLosses: [Double?] = []
  /// The last finite loss of the round under way.
  package var lastLoss: Double?
  /// Steps in a row, up to this one, without finite numbers.
  package var stepsNotFinite = 0
  /// The round's lowest held-out loss; nil before its first evaluation.
  package var best: Best?
  /// True where the round ended before its last step, since the held-out loss no longer fell.
  package var stoppedEarly = false
  /// Seconds that the round has taken so far.
  package var seconds = 0.0
  /// SHA-256 of the last finished model's weights.
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

  /// The state at the beginning of a round.
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

  /// Clears the counts and losses of the round before.
  ///
  /// - Parameter datasets: the number of datasets that the round reads.
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

  /// Makes room for the counts of so many datasets: an accepted change may have brought another.
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

  /// Closes the round under way.
  ///
  /// - Parameter sha256: of its model's weights.
  package mutating func endRound(sha256: String) {
    finalLosses.append(lastLoss)
    parentSha256 = sha256
    round += 1
    step = 0
    pending = nil
  }
}
