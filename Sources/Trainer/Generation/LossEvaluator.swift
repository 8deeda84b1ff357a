import GPUTensor
import Kernels

/// Losses of samples under the current weights, token by token, without training.
package final class LossEvaluator {
  private let executor: any Executor
  private let inputs: SampleRows
  private let losses: Tensor
  /// Plan to prepare together with the run's other plans.
  package let plan: Plan
  private let rowCapacity: Int

  /// - Parameters:
  ///   - rowCapacity: most tokens of a batch, at least those of the longest sample.
  ///   - rope: tables at least as long as the longest sample.
  package init(
    model: DeviceModel, rope: RopeTables, executor: any Executor, rowCapacity: Int
  ) {
    self.executor = executor
    self.rowCapacity = rowCapacity
    let graph = Graph(rowCapacity: rowCapacity)
    inputs = SampleRows(graph)
    let llama = model.llama(in: graph)
    let selection = graph.selectTargets(inputs.rows.targets)
    let hidden = llama.hidden(inputs.rows, of: selection.rows, rope: rope)
    losses =
      hidden.linearCrossEntropy(
        weight: llama.outputWeight, shares: llama.logitShares(hidden), targets: selection.targets,
        softCap: llama.logitSoftCap
      ).rows
    plan = executor.plan(graph, outputs: [losses])
  }

  /// −ln p of the targets, in nats: n values for a sample of n tokens, 0 at a position whose next label is masked.
  package func rowLosses(_ samples: [Sample]) throws(DeviceError) -> [[Float]] {
    var results: [[Float]] = []
    for batch in batches(of: samples) { results += try run(batch) }
    return results
  }

  /// The batches in which `rowLosses` evaluates the samples, in order: a batch evaluated alone gives the same bits.
  package func batches(of samples: [Sample]) -> [[Sample]] {
    var batches: [[Sample]] = []
    var rows = 0
    for sample in samples {
      precondition(sample.rowCount <= rowCapacity, "a sample longer than the evaluator's capacity")
      if batches.isEmpty || rows + sample.rowCount > rowCapacity {
        batches.append([])
        rows = 0
      }
      batches[batches.count - 1].append(sample)
      rows += sample.rowCount
    }
    return batches
  }

  /// The mean loss over all supervised targets, in nats a token, and the number of targets.
  package func meanLoss(_ samples: [Sample]) throws(DeviceError) -> (loss: Double, tokens: Int) {
    Self.mean(try rowLosses(samples), of: samples)
  }

  /// The mean of losses that `rowLosses` returned; NaN without a target.
  package static func mean(_ rowLosses: [[Float]], of samples: [Sample]) -> (loss: Double, tokens: Int) {
    var total = 0.0
    var tokens = 0
    for (sample, losses) in zip(samples, rowLosses) {
      total += losses.reduce(0) { $0 + Double($1) }
      tokens += sample.targetCount
    }
    return (tokens == 0 ? .nan : total / Double(tokens), tokens)
  }

  private func run(_ samples: [Sample]) throws(DeviceError) -> [[Float]] {
    let (arguments, targets) = inputs.arguments(samples)
    try executor.run(plan, arguments)
    var found = try executor.read(losses, of: plan, counts: arguments.counts)[...]
    var row = 0
    return samples.map { sample in
      defer { row += sample.rowCount }
      let read = targets[row..<row + sample.rowCount].map { $0 >= 0 ? found.popFirst() ?? .nan : 0 }
      return read + [Float](repeating: 0, count: sample.length - sample.rowCount)
    }
  }
}
