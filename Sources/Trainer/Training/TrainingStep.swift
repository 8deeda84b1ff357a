import GPUTensor
import Kernels

/// One optimiser step: the losses and gradients of its micro-batches, and the update.
///
/// Weights, gradients, the optimiser's states and the token stream stay on the device. A step sends the places of its
/// samples; loss and norm wait in the statistics until they are read.
package final class TrainingStep {
  /// The most steps whose numbers wait on the device.
  package static let statisticsSlots = 256

  /// A step's numbers as the device left them.
  package struct Statistics: Sendable {
    package let loss: Double
    /// The global gradient norm, before clipping.
    package let gradientNorm: Double
    /// True where loss and norm are finite. Where the norm is not, the device skipped the update.
    package let isFinite: Bool
  }

  /// The fate of a gradient.
  enum Gradients {
    /// Added to the gradients of the step's other micro-batches, until the step ends.
    case waiting(ParameterSet)
    /// Used as soon as it is there; its norm, of shape [1] under the parameter's name, stays.
    case used(norms: ParameterSet)
  }

  /// The plans of a round, in which its optimiser's constants are fixed.
  package struct Plans {
    /// A micro-batch's losses and gradients; and the updates, where gradients do not wait for the step's end.
    package let microBatch: Plan
    /// The end of the step: the update, and the step's numbers.
    package let end: Plan
    let segments: Tensor

    package var all: [Plan] { [microBatch, end] }
  }

  /// The optimiser's states.
  package let states: OptimizerStates
  let gradients: Gradients
  let loss: TrainingLoss

  let executor: any Executor
  let model: DeviceModel
  let stream: TokenStream
  let rope: RopeTables
  let rowCapacity: Int
  let recompute: Llama.Recompute
  let lossSum = Variable(name: "loss sum", shape: Shape([1]))
  let statistics = Variable(name: "statistics", shape: Shape([TrainingStep.statisticsSlots, 4]))
  /// The plans that were made, by their optimiser with its constants.
  var made: [AnyHashable: Plans] = [:]

  /// - Parameters:
  ///   - rowCapacity: tokens of the largest micro-batch.
  ///   - rope: tables at least as long as the longest sample.
  package init(
    model: DeviceModel, stream: TokenStream, rope: RopeTables, executor: any Executor, rowCapacity: Int,
    memory: MemorySettings = MemorySettings(), optimizer: OptimizerSettings = OptimizerSettings(),
    loss: TrainingLoss = .crossEntropy
  ) {
    self.executor = executor
    self.model = model
    self.stream = stream
    self.rope = rope
    self.rowCapacity = rowCapacity
    recompute = memory.recompute
    self.loss = loss
    let trained = model.trained
    states = OptimizerStates(optimizer.states, of: trained, takenAlone: memory.optimizerInBackward)
    gradients =
      memory.optimizerInBackward
      ? .used(
        norms: ParameterSet(
          trained.parameters.map { ParameterDescription(name: $0.name, shape: [1]) }, kind: "gradient norms",
          limits: AllocationLimits(of: executor)))
      : .waiting(trained.sibling(kind: "gradients"))
  }

  /// The gradients that wait for a step's end; nil where none waits.
  package var waitingGradients: ParameterSet? {
    if case .waiting(let set) = gradients { set } else { nil }
  }

  /// Clears the optimiser's states: each round starts anew.
  package func resetOptimizer() throws(DeviceError) {
    for slab in states.slabs { try executor.zero(slab) }
  }

  /// Enqueues one step and does not wait.
  ///
  /// - Parameters:
  ///   - batches: the step's micro-batches; their losses and gradients add up.
  ///   - places: where the samples start in the stream.
  ///   - number: the round's step, from 1.
  ///   - seed: of the step's dropout masks.
  package func run(
    _ batches: [MicroBatch], places: TokenStream.Places, plans: Plans, learningRate: Double, number: Int,
    seed: UInt64 = 0
  ) throws(DeviceError) {
    precondition(waitingGradients != nil || batches.count == 1, "gradients that do not wait cannot add up")
    var scalars = ReplayScalars()
    // The mean is over all supervised tokens of the step, however they are split into micro-batches. Where none counts,
    // whatever their sum is divided by, it stays 0.
    let weight = batches.reduce(0) { $0 + $1.supervisedWeight }
    scalars.lossScale = weight > 0 ? 1 / Float(weight) : 1
    scalars.learningRate = Float(learningRate)
    scalars.optimizerStep = number
    scalars.statisticsSlot = (number - 1) % Self.statisticsSlots
    for (index, batch) in batches.enumerated() {
      scalars.accumulates = index > 0
      scalars.dropoutKey = UInt32(truncatingIfNeeded: KeyedRandom(seed).bits(UInt64(index)))
      scalars.segmentCount = batch.segments.count
      let table = TokenStream.segmentTable(batch, places: places)
      try executor.run(
        plans.microBatch,
        ReplayArguments(
          rows: batch.rowCount, targets: batch.supervisedCount, scalars: scalars,
          inputs: [(plans.segments, .ints(table))]))
    }
    try executor.run(plans.end, ReplayArguments(rows: 1, scalars: scalars))
  }

  /// Waits for the device and reads the numbers of steps `first` ... `last`; 16 bytes each.
  package func statistics(from first: Int, through last: Int) throws(DeviceError) -> [Statistics] {
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
