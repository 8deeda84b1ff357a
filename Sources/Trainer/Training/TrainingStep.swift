import GPUTensor
import Kernels

/// One optimiser step, recorded twice: a micro-batch's losses and gradients, and the update that ends the step.
///
/// Weights, gradients, moments and the token stream stay on the device. A step sends the places of its samples; loss and
/// norm wait in the statistics until someone reads them.
package final class TrainingStep {
  /// Steps whose numbers wait on the device at most.
  package static let statisticsSlots = 256

  /// A step's numbers as the device left them.
  package struct Statistics: Sendable {
    package let loss: Double
    /// The global gradient norm, before clipping.
    package let gradientNorm: Double
    /// Whether both are finite. Where the norm is not, the device skipped the update.
    package let isFinite: Bool
  }

  /// Variables of the optimiser, in the layout of what is trained.
  package let gradients: ParameterSet
  package let firstMoments: ParameterSet
  package let secondMoments: ParameterSet
  /// To be prepared together with the other plans of a run.
  package let microBatchPlan: Plan

  private let executor: any Executor
  private let trained: ParameterSet
  private let segments: Tensor
  private let lossSum: Variable
  private let statistics: Variable

  /// - Parameters:
  ///   - rowCapacity: tokens of the largest micro-batch.
  ///   - ropeTable: [positions, D], at least as long as the longest sample.
  package init(
    model: DeviceModel, stream: TokenStream, ropeTable: Variable, executor: any Executor, rowCapacity: Int,
    memory: MemorySettings = MemorySettings()
  ) {
    self.executor = executor
    trained = model.trained
    let slabBytes = ParameterSet.slabBytes(for: executor)
    gradients = trained.sibling(kind: "gradients", maxSlabBytes: slabBytes)
    firstMoments = trained.sibling(
      kind: "first moments", dtype: memory.moments.dtypes.first, maxSlabBytes: slabBytes)
    secondMoments = trained.sibling(
      kind: "second moments", dtype: memory.moments.dtypes.second, maxSlabBytes: slabBytes)
    lossSum = Variable(name: "loss sum", shape: Shape([1]))
    statistics = Variable(name: "statistics", shape: Shape([Self.statisticsSlots, 4]))

    let graph = Graph(rowCapacity: rowCapacity)
    segments = graph.input("segments", Shape([rowCapacity, TokenStream.segmentWidth]), dtype: .int32)
    let rows = graph.batchRows(
      ids: graph.variable(stream.ids), labels: graph.variable(stream.labels), segments: segments)
    let llama = model.llama(in: graph, training: true, recompute: memory.recompute)
    // Logits are made only for the rows that are to predict something: prompts have none.
    let selection = graph.selectTargets(rows.targets)
    let hidden = llama.hidden(rows, of: selection.rows, ropeTable: graph.variable(ropeTable))
    let loss = hidden.linearCrossEntropy(weight: llama.outputWeight, targets: selection.targets).sum
    let names = trained.parameters.map(\.name)
    _ = graph.gradients(
      of: loss, with: names.map { [trained] in graph.variable(trained.variable($0)) },
      into: names.map { [gradients] in graph.variable(gradients.variable($0)) })
    loss.add(to: graph.variable(lossSum))
    microBatchPlan = executor.plan(graph, outputs: [])
  }

  /// The update of a round: its optimiser's constants are fixed.
  package func updatePlan(_ settings: TrainingSettings) -> Plan {
    let graph = Graph(rowCapacity: 1)
    let norm = graph.globalNorm(gradients.slabs.map { graph.variable(.whole($0)) })
    for (index, group) in trained.groups.enumerated() {
      let adamW = AdamWSettings(
        beta1: Float(settings.adamBeta1), beta2: Float(settings.adamBeta2), epsilon: Float(settings.adamEpsilon),
        weightDecay: group.decays ? Float(settings.weightDecay) : 0, maxGradNorm: Float(settings.maxGradNorm))
      for (slot, slab) in group.slabs.enumerated() {
        func tensor(_ set: ParameterSet) -> Tensor { graph.variable(.whole(set.groups[index].slabs[slot])) }
        graph.adamW(
          parameter: graph.variable(.whole(slab)), m: tensor(firstMoments), v: tensor(secondMoments),
          gradient: tensor(gradients), norm: norm, settings: adamW)
      }
    }
    graph.recordStatistics(into: graph.variable(statistics), lossSum: graph.variable(lossSum), norm: norm)
    return executor.plan(graph, outputs: [])
  }

  /// Forgets the moments: each round's optimiser starts anew.
  package func resetOptimizer() throws(OpenCLError) {
    for slab in firstMoments.slabs + secondMoments.slabs { try executor.zero(slab) }
  }

  /// Enqueues one step and does not wait.
  ///
  /// - Parameters:
  ///   - batches: the step's micro-batches; their losses and gradients add up.
  ///   - places: where the samples start in the stream.
  ///   - number: the round's step, from 1.
  ///   - seed: of the step's dropout masks.
  package func run(
    _ batches: [MicroBatch], places: TokenStream.Places, update: Plan, learningRate: Double, number: Int,
    seed: UInt64 = 0
  ) throws(OpenCLError) {
    var scalars = RunScalars()
    // The mean is over all supervised tokens of the step, however they are split into micro-batches.
    scalars.lossScale = 1 / Float(max(batches.reduce(0) { $0 + $1.supervisedCount }, 1))
    scalars.learningRate = Float(learningRate)
    scalars.optimizerStep = number
    scalars.statisticsSlot = (number - 1) % Self.statisticsSlots
    for (index, batch) in batches.enumerated() {
      scalars.accumulates = index > 0
      scalars.dropoutKey = UInt32(truncatingIfNeeded: KeyedRandom(seed).bits(UInt64(index)))
      scalars.segmentCount = batch.segments.count
      let table = TokenStream.segmentTable(batch, places: places)
      try executor.run(
        microBatchPlan,
        RunArguments(
          rows: batch.rowCount, targets: batch.supervisedCount, scalars: scalars, inputs: [(segments, .ints(table))]))
    }
    try executor.run(update, RunArguments(rows: 1, scalars: scalars))
  }

  /// Waits for the device and reads the numbers of steps `first` ... `last`; 16 bytes each.
  package func statistics(from first: Int, through last: Int) throws(OpenCLError) -> [Statistics] {
    precondition(last - first < Self.statisticsSlots, "statistics are overwritten after \(Self.statisticsSlots) steps")
    var results: [Statistics] = []
    var step = first
    while step <= last {
      // Up to the end of the ring in one read.
      let slot = (step - 1) % Self.statisticsSlots
      let count = min(last - step + 1, Self.statisticsSlots - slot)
      let numbers = try executor.read(statistics, at: slot * 4, count: count * 4)
      for index in 0..<count {
        results.append(
          Statistics(
            loss: Double(numbers[index * 4]), gradientNorm: Double(numbers[index * 4 + 1]),
            isFinite: numbers[index * 4 + 2] == 0))
      }
      step += count
    }
    return results
  }
}
