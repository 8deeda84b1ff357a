import GPUTensor
import Kernels

/// The logits of a few tokens, read before and after a change of the weights that should not change the model, such as
/// a merge.
package final class LogitProbe {
  private static let mostTokens = 32

  private let executor: any Executor
  private let inputs: SampleRows
  private let logits: Logits
  private let sample: Sample
  /// Plan to prepare together with the run's other plans.
  package let plan: Plan

  /// - Parameter sample: the sample whose first tokens, 32 at most, are fed.
  package init(_ model: DeviceModel, sample: Sample, rope: RopeTables, executor: any Executor) {
    self.executor = executor
    let count = min(sample.length, Self.mostTokens)
    self.sample = Sample(ids: Array(sample.ids.prefix(count)), labels: Array(sample.labels.prefix(count)))
    let graph = Graph(rowCapacity: count)
    inputs = SampleRows(graph)
    let llama = model.llama(in: graph)
    logits = Logits(llama.hidden(inputs.rows, rope: rope), of: llama)
    plan = executor.plan(graph, outputs: logits.outputs)
  }

  /// Tokens that are fed.
  package var tokenCount: Int { sample.length }

  /// The logits under the current weights: [tokens, V].
  package func read() throws(DeviceError) -> [Float] {
    let arguments = inputs.arguments([sample], rowCount: \.length).run
    try executor.run(plan, arguments)
    return try logits.read(of: plan, rows: sample.length, from: executor)
  }

  /// The largest absolute difference of two readings.
  package static func difference(_ first: [Float], _ second: [Float]) -> Float {
    zip(first, second).map { abs($0 - $1) }.max() ?? 0
  }
}
