import GPUTensor
import Kernels

/// Token losses of samples under the current weights; nothing is trained.
package final class LossEvaluator {
  private let executor: any Executor
  private let rowTensors: [Tensor]
  private let losses: Tensor
  /// To be prepared together with the other plans of a run.
  package let plan: Plan
  private let rowCapacity: Int

  /// - Parameters:
  ///   - rowCapacity: tokens of the longest sample, or of several short ones together.
  ///   - ropeTable: [positions, D], at least as long as the longest sample.
  package init(
    weights: LlamaWeights, ropeTable: Variable, executor: any Executor, rowCapacity: Int
  ) {
    self.executor = executor
    self.rowCapacity = rowCapacity
    let graph = Graph(rowCapacity: rowCapacity)
    rowTensors = ["ids", "targets", "positions", "keyStart", "keyEnd", "queryEnd"].map {
      graph.input($0, graph.rows(), dtype: .int32)
    }
    let rows = RowTensors(rowTensors)
    let llama = Llama(weights.configuration) { graph.variable(weights.variable($0)) }
    let hidden = llama.hidden(rows, ropeTable: graph.variable(ropeTable))
    let selection = graph.selectTargets(rows.targets)
    losses =
      hidden.embedding(selection.rows)
      .linearCrossEntropy(weight: llama.outputWeight, targets: selection.targets).rows
    plan = executor.plan(graph, outputs: [losses])
  }

  /// −ln p of each target of each sample: for a sample of n tokens n values, 0 where the next label is masked.
  package func rowLosses(_ samples: [Sample]) throws(OpenCLError) -> [[Float]] {
    var results: [[Float]] = []
    var batch: [Sample] = []
    var rows = 0
    for sample in samples {
      precondition(sample.length <= rowCapacity, "a sample longer than the evaluator's capacity")
      if rows + sample.length > rowCapacity {
        results += try run(batch)
        (batch, rows) = ([], 0)
      }
      batch.append(sample)
      rows += sample.length
    }
    return batch.isEmpty ? results : results + (try run(batch))
  }

  /// The mean loss over all supervised targets, and how many there are.
  package func meanLoss(_ samples: [Sample]) throws(OpenCLError) -> (loss: Double, tokens: Int) {
    var total = 0.0
    var tokens = 0
    for (sample, losses) in zip(samples, try rowLosses(samples)) {
      total += losses.reduce(0) { $0 + Double($1) }
      tokens += sample.targetCount
    }
    return (tokens == 0 ? .nan : total / Double(tokens), tokens)
  }

  private func run(_ samples: [Sample]) throws(OpenCLError) -> [[Float]] {
    var columns = [[Int32]](repeating: [], count: 6)
    for sample in samples {
      let first = Int32(columns[0].count)
      let end = first + Int32(sample.length)
      columns[0] += sample.ids
      columns[1] += sample.labels.dropFirst() + [Sample.ignoredLabel]
      columns[2] += (0..<Int32(sample.length))
      columns[3] += [Int32](repeating: first, count: sample.length)
      columns[4] += (first + 1)...end
      columns[5] += [Int32](repeating: end, count: sample.length)
    }
    let rows = columns[0].count
    let inputs = zip(rowTensors, columns).map { (tensor: $0, data: HostData.ints($1)) }
    let targets = columns[1].count { $0 >= 0 }
    try executor.run(plan, RunArguments(rows: rows, targets: targets, inputs: inputs))
    var found = try executor.read(losses, of: plan, counts: RowCounts(rows: rows, targets: targets))[...]
    var row = 0
    return samples.map { sample in
      defer { row += sample.length }
      return columns[1][row..<row + sample.length].map { $0 >= 0 ? found.popFirst() ?? .nan : 0 }
    }
  }
}
