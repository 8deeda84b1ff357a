import GPUTensor

extension TrainingStep {
  /// The plans of a round. Rounds of the same optimiser share theirs.
  package func plans(for optimizer: AdamWSettings) -> Plans {
    if let plans = made[optimizer] { return plans }
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
    made[optimizer] = plans
    return plans
  }

  /// A micro-batch's losses and gradients, which are added to those before.
  private func accumulatingPlan(into gradients: ParameterSet) -> (Plan, segments: Tensor) {
    let (graph, segments, loss) = lossOfMicroBatch()
    _ = graph.gradients(
      of: loss, with: model.trained.variables.map(graph.variable), into: gradients.variables.map(graph.variable))
    loss.add(to: graph.variable(lossSum))
    return (executor.plan(graph, outputs: []), segments)
  }

  /// A step of one micro-batch, in which each parameter is updated as soon as its gradient is there and it is read no
  /// more: gradients take turns in the same memory.
  ///
  /// Source: arXiv:2306.09782 (LOMO), section 3.1
  private func updatingPlan(_ optimizer: AdamWSettings, _ norms: ParameterSet) -> (Plan, segments: Tensor) {
    let (graph, segments, loss) = lossOfMicroBatch()
    let parameters = model.trained.variables.map(graph.variable)
    let gradients = graph.gradients(of: loss, with: parameters)
    loss.add(to: graph.variable(lossSum))
    graph.recordEarly {
      var first = 0
      for parameter in model.trained.parameters {
        let norm = graph.variable(norms.variable(parameter.name))
        let (m, v) = (firstMoments.parts(parameter.name), secondMoments.parts(parameter.name))
        graph.globalNorm(Array(gradients[first..<first + m.count]), into: norm)
        for part in m.indices {
          graph.adamW(
            parameter: parameters[first + part], m: graph.variable(m[part]), v: graph.variable(v[part]),
            gradient: gradients[first + part], norm: norm,
            settings: optimizer.of(decaying: parameter.shape.count > 1))
        }
        first += m.count
      }
    }
    return (executor.plan(graph, outputs: []), segments)
  }

  /// The mean loss of a micro-batch's supervised tokens, and where its samples go in.
  private func lossOfMicroBatch() -> (graph: Graph, segments: Tensor, loss: Tensor) {
    let graph = Graph(rowCapacity: rowCapacity)
    let segments = graph.input("segments", Shape([rowCapacity, TokenStream.segmentWidth]), dtype: .int32)
    let rows = graph.batchRows(
      ids: graph.variable(stream.ids), labels: graph.variable(stream.labels), segments: segments)
    let llama = model.llama(in: graph, training: true, recompute: recompute)
    // Logits are made only for the rows that are to predict something: prompts have none.
    let selection = graph.selectTargets(rows.targets)
    let hidden = llama.hidden(rows, of: selection.rows, ropeTable: graph.variable(ropeTable))
    let loss = hidden.linearCrossEntropy(weight: llama.outputWeight, targets: selection.targets).sum
    return (graph, segments, loss)
  }

  /// The update of all parameters, slab by slab.
  private func updatePlan(_ optimizer: AdamWSettings, _ gradients: ParameterSet) -> Plan {
    let graph = Graph(rowCapacity: 1)
    let norm = graph.globalNorm(gradients.slabs.map { graph.variable(.whole($0)) })
    for (index, group) in model.trained.groups.enumerated() {
      for (slot, slab) in group.slabs.enumerated() {
        func tensor(_ set: ParameterSet) -> Tensor { graph.variable(.whole(set.groups[index].slabs[slot])) }
        graph.adamW(
          parameter: graph.variable(.whole(slab)), m: tensor(firstMoments), v: tensor(secondMoments),
          gradient: tensor(gradients), norm: norm, settings: optimizer.of(decaying: group.decays))
      }
    }
    recordStatistics(in: graph, norm: norm)
    return executor.plan(graph, outputs: [])
  }

  /// The numbers of a step whose parameters are updated already.
  private func closingPlan(_ norms: ParameterSet) -> Plan {
    let graph = Graph(rowCapacity: 1)
    recordStatistics(in: graph, norm: graph.globalNorm(norms.slabs.map { graph.variable(.whole($0)) }))
    return executor.plan(graph, outputs: [])
  }

  private func recordStatistics(in graph: Graph, norm: Tensor) {
    graph.recordStatistics(into: graph.variable(statistics), lossSum: graph.variable(lossSum), norm: norm)
  }
}

extension AdamWSettings {
  /// Those of matrices, which decay, or of vectors, which do not.
  fileprivate func of(decaying: Bool) -> AdamWSettings {
    var settings = self
    if !decaying { settings.weightDecay = 0 }
    return settings
  }
}
