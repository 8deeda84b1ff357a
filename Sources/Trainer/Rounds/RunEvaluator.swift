import Kernels

/// Measures the model on the device on every dataset of a run: losses, answers to tasks, and the general text.
struct RunEvaluator {
  /// What a model was measured to be.
  struct Evaluation {
    /// Mean loss on each dataset's held-out rows, in nats; nil where there are none, or where it is not finite.
    let losses: [Double?]
    /// Each dataset's scores; none where it has no task.
    let scores: [[MetricScore]]
    /// Of each dataset with a task, by its name.
    let answers: [(dataset: String, answers: [TaskAnswer])]
    /// The loss on the general text.
    let general: Double?
    /// Bytes that asking took.
    let transfer: TransferLedger
  }

  let material: RunMaterial
  let tasks: RunTasks
  let device: RunDevice
  /// Token ids that end an answer.
  private let stops: Set<Int32>

  init(_ material: RunMaterial, tasks: RunTasks, device: RunDevice) {
    self.material = material
    self.tasks = tasks
    self.device = device
    stops = material.configuration.stops(material.tokenizer)
  }

  /// The loss on each dataset's held-out rows.
  func losses() throws(OpenCLError) -> [Double?] {
    var losses: [Double?] = []
    for dataset in material.valid { losses.append(try loss(dataset)) }
    return losses
  }

  /// Everything that is asked of a round's model.
  ///
  /// - Parameter pause: called before each dataset's answers; what it throws ends the evaluation.
  func evaluate(pause: () throws -> Void) throws -> Evaluation {
    let before = device.executor.ledger
    let losses = try losses()
    var scores: [[MetricScore]] = []
    var answers: [(String, [TaskAnswer])] = []
    for (index, task) in tasks.evaluators.enumerated() {
      guard let task else {
        scores.append([])
        continue
      }
      try pause()
      let found = try task.answers(device.evaluator, device.generator, stops: stops)
      answers.append((material.recipe.rounds[index].name, found))
      var row = task.scores(found)
      if material.recipe.rounds[index].task == .generation, let loss = losses[index] {
        row.append(MetricScore(perplexityOf: loss))
      }
      scores.append(row)
    }
    let general = try loss(material.general)
    return Evaluation(
      losses: losses, scores: scores, answers: answers, general: general, transfer: device.executor.ledger - before)
  }

  /// Which of some samples have a loss that is not finite under the current weights; each is asked alone, since in a
  /// batch of several one that is no number can spoil its neighbours.
  func areNotFinite(_ samples: [Sample]) throws(OpenCLError) -> [Bool] {
    var found: [Bool] = []
    for sample in samples { found.append(try device.evaluator.rowLosses([sample]).joined().contains { !$0.isFinite }) }
    return found
  }

  private func loss(_ dataset: Dataset?) throws(OpenCLError) -> Double? {
    guard let dataset else { return nil }
    let loss = try device.evaluator.meanLoss(dataset.samples).loss
    return loss.isFinite ? loss : nil
  }
}
