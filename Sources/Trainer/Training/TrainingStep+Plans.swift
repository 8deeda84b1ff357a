import GPUTensor

extension TrainingStep {
  /// The plans of a round. Rounds of the same optimiser and constants share them.
  ///
  /// - Parameter optimizer: of the step's `OptimizerSettings`.
  package func plans(for optimizer: any Optimizer) -> Plans {
    if let plans = made[AnyHashable(optimizer)] { return plans }
    let plans: Plans
    switch gradients {
    case .waiting(let set):
      let (microBatch, segments) =
        made.values.first.map { ($0.microBatch, $0.segments) } ?? accumulatingPlan(into: set)
      plans = Plans(microBatch: microBatch, end: updatePlan(optimizer, set), segments: segments)
    case .used(let norms):
      precondition(optimizer.maxGradNorm == 0, "the norm of all gradients is known when all weights have moved")
      let (microBatch, segments) = updatingPlan(optimizer, norms)
      plans = Plans(microBatch: microBatch, end: closingPlan(norms), segments: segments)
    }
    made[AnyHashable(optimizer)] = plans
    return plans
  }

  /// Plans a micro-batch's losses and gradients, which are added to those of the micro-batches before.
  private func accumulatingPlan(into gradients: ParameterSet) -> (Plan, segments: Tensor) {
    let (graph, segments, loss) = lossOfMicroBatch()
    _ = graph.gradients(
      of: loss, with: model.trained.variables.map(graph.variable), into: gradients.variables.map(graph.variable))
    loss.add(to: graph.variable(lossSum))
    return (executor.plan(graph, outputs: []), segments)
  }

  /// Plans a step of one micro-batch, in which each parameter is updated as soon as its gradient is there and the backward
  /// pass reads the parameter no more: gradients take turns in the same memory.
  ///
  /// Source: arXiv:2306.09782 (LOMO), section 3.1
  private func updatingPlan(_ optimizer: any Optimizer, _ norms: ParameterSet) -> (Plan, segments: Tensor) {
    let (graph, segments, loss) = lossOfMicroBatch()
    let gradients = graph.gradients(of: loss, with: model.trained.variables.map(graph.variable))
    loss.add(to: graph.variable(lossSum))
    graph.recordEarly {
      var first = 0
      for parameter in model.trained.parameters {
        let norm = graph.variable(norms.variable(parameter.name))
        let own = Array(gradients[first..<first + model.trained.parts(parameter.name).count])
        graph.globalNorm(own, into: norm)
        states.record(optimizer, parameter, gradients: own, norm: norm)
        first += own.count
      }
    }
    return (executor.plan(graph, outputs: []), segments)
  }

  /// Records the loss of a micro-batch, and the input that takes the places of its samples.
  private func lossOfMicroBatch() -> (graph: Graph, segments: Tensor, loss: Tensor) {
    let graph = Graph(rowCapacity: rowCapacity)
    let segments = graph.input("segments", Shape([rowCapacity, TokenStream.segmentWidth]), dtype: .int32)
    let rows = graph.batchRows(
      ids: graph.variable(stream.ids), labels: graph.variable(stream.labels), segments: segments)
    let llama = model.llama(in: graph, training: true, recompute: recompute)
    let weights = stream.weights.map { graph.batchWeights(graph.variable($0), segments: segments) }
    let batch = TrainingLoss.Batch(rows: rows, weights: weights, rope: rope)
    let loss = loss.record(llama, batch)
    return (graph, segments, loss)
  }

  /// Plans the update of all parameters.
  private func updatePlan(_ optimizer: any Optimizer, _ gradients: ParameterSet) -> Plan {
    let graph = Graph(rowCapacity: 1)
    let norm = graph.globalNorm(gradients.slabs.map { graph.variable(.whole($0)) })
    states.record(optimizer, gradients: gradients, norm: norm)
    recordStatistics(in: graph, norm: norm)
    return executor.plan(graph, outputs: [])
  }

  /// Plans the record of the numbers of a step whose parameters are updated already.
  private func closingPlan(_ norms: ParameterSet) -> Plan {
    let graph = Graph(rowCapacity: 1)
    recordStatistics(in: graph, norm: graph.globalNorm(norms.slabs.map { graph.variable(.whole($0)) }))
    return executor.plan(graph, outputs: [])
  }

  private func recordStatistics(in graph: Graph, norm: Tensor) {
    graph.recordStatistics(into: graph.variable(statistics), lossSum: graph.variable(lossSum), norm: norm)
  }
}
