/// evaluations.jsonl of a run's folder: one line for each evaluation within a round.
package typealias EvaluationsFile = StepLog<EvaluationLine>

/// Held-out losses within a round, as a line of evaluations.jsonl.
package struct EvaluationLine: StepLogLine, Equatable {
  package static let fileName = "evaluations.jsonl"

  /// Number of the round, from 1.
  package var round: Int
  /// Name of the round; the round's number where the file has none.
  package var name: String
  /// Optimiser steps taken in the round.
  package var step: Int
  /// Mean loss on each dataset of the recipe, in nats a token; nil where a dataset has no held-out rows.
  package var losses: [Double?]

  package init(round: Int, name: String, step: Int, losses: [Double?]) {
    self.round = round
    self.name = name
    self.step = step
    self.losses = losses
  }

  package init(_ object: RecordObject) throws(FileError) {
    round = try object.required("round")
    step = try object.required("step")
    name = try object["name"] ?? "\(round)"
    losses = try object.numbers("losses") ?? []
  }
}
