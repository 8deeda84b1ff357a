import Kernels

/// Measures the model on the device on every dataset of a run: losses, answers to tasks, and the general text.
struct RunEvaluator {
  /// The measurements of one model.
  struct Evaluation {
    /// Mean loss on each dataset's held-out rows, in nats; nil where there are none, or where it is not finite.
    let losses: [Double?]
    /// Each dataset's scores; none where it has no task.
    let scores: [[MetricScore]]
    /// The answers to each dataset with a task, by its name.
    let answers: [(dataset: String, answers: [TaskAnswer])]
    /// The loss on the general text.
    let general: Double?
    /// Bytes that crossed the bus for it.
    let transfer: TransferLedger
    let seconds: Double
  }

  private let material: RunInputs
  private let device: RunOnDevice
  /// Is told what was measured, a line for each kind.
  private let note: (String) -> Void
  /// Token ids that end an answer.
  private let stops: Set<Int32>

  init(_ material: RunInputs, device: RunOnDevice, note: @escaping (String) -> Void) {
    self.material = material
    self.device = device
    self.note = note
    stops = material.configuration.stops(material.tokenizer)
  }

  /// Measures the loss on each dataset's held-out rows.
  ///
  /// - Parameter pause: called before each replay of the model's plan; an error that it throws ends the evaluation.
  func losses(pause: () throws -> Void) throws -> [Double?] {
    try material.valid.map { try loss($0, pause: pause) }
  }

  /// Measures the loss on each dataset's held-out rows, and notes them.
  ///
  /// - Parameter moment: the round, and the step where it is within one, as the note names them.
  func losses(after moment: String, pause: () throws -> Void) throws -> [Double?] {
    let losses = try losses(pause: pause)
    let list = zip(material.recipe.rounds, losses).map { "\($0.name) \($1.map(TransferFile.format) ?? "–")" }
    note("held-out loss after \(moment): " + list.joined(separator: ", "))
    return losses
  }

  /// Measures everything that is asked of a round's model, and notes it.
  ///
  /// - Parameters:
  ///   - moment: the round, as the notes name it.
  ///   - pause: called before each replay of the model's plan; an error that it throws ends the evaluation.
  func evaluate(after moment: String, pause: () throws -> Void) throws -> Evaluation {
    var stopwatch = Stopwatch()
    let before = device.executor.ledger
    let losses = try losses(after: moment, pause: pause)
    var scores: [[MetricScore]] = []
    var answers: [(String, [TaskAnswer])] = []
    device.generator?.forget()
    for (index, task) in material.tasks.evaluators.enumerated() {
      guard let task else {
        scores.append([])
        continue
      }
      let found = try self.answers(to: task, pause: pause)
      answers.append((material.recipe.rounds[index].name, found))
      var row = task.scores(found)
      if material.recipe.rounds[index].task == .generation, let loss = losses[index] {
        row.append(MetricScore(perplexityOf: loss))
      }
      scores.append(row)
    }
    let general = try loss(material.general, pause: pause)
    let transfer = device.executor.ledger - before
    for (round, row) in zip(material.recipe.rounds, scores) where !row.isEmpty {
      let list = row.map { "\($0.name) \(TransferFile.format($0.value))" }
      note("\(round.name) after \(moment): " + list.joined(separator: ", "))
    }
    if let general { note("general text after \(moment): \(TransferFile.format(general))") }
    return Evaluation(
      losses: losses, scores: scores, answers: answers, general: general, transfer: transfer,
      seconds: stopwatch.lap())
  }

  /// True for each sample whose loss is not finite under the current weights; each is asked alone, since in a batch of
  /// several one that is no number can spoil its neighbours.
  func areNotFinite(_ samples: [Sample]) throws(DeviceError) -> [Bool] {
    var found: [Bool] = []
    for sample in samples { found.append(try device.evaluator.rowLosses([sample]).joined().contains { !$0.isFinite }) }
    return found
  }

  /// Names the places of held-out rows without a finite loss, of the datasets that have no loss and had one in `before`.
  ///
  /// - Parameter before: losses of each dataset; nil: any dataset with held-out rows counts.
  /// - Returns: nil where every dataset has a loss as before.
  func problem(of losses: [Double?], since before: [Double?]? = nil) throws(DeviceError) -> String? {
    for (index, dataset) in material.valid.enumerated() {
      guard let dataset, losses[index] == nil, before == nil || before?[index] != nil else { continue }
      let shown = Array(dataset.samples.prefix(Self.mostAsked))
      let places = zip(shown.indices, try areNotFinite(shown)).filter(\.1).map { dataset.place(of: $0.0) }
      return "the loss on the held-out rows of \(material.recipe.rounds[index].name) is not finite "
        + "(\(places.first ?? dataset.files.path)\(places.count > 1 ? " and others" : ""))"
    }
    return nil
  }

  /// The most rows that are asked one by one for the place of one without a finite loss.
  private static let mostAsked = 16

  private func answers(to task: TaskEvaluator, pause: () throws -> Void) throws -> [TaskAnswer] {
    guard task.generatedLength > 0 else { return task.choose(try rowLosses(task.candidates, pause: pause)) }
    guard let generator = device.generator else { preconditionFailure("a task that writes has a generator") }
    var stop: (any Error)?
    let found = try task.generate(generator, stops: stops) {
      do { try pause() } catch { stop = error }
      return stop == nil
    }
    if let stop { throw stop }
    return found
  }

  private func loss(_ dataset: Dataset?, pause: () throws -> Void) throws -> Double? {
    guard let dataset else { return nil }
    let loss = LossEvaluator.mean(try rowLosses(dataset.samples, pause: pause), of: dataset.samples).loss
    return loss.isFinite ? loss : nil
  }

  private func rowLosses(_ samples: [Sample], pause: () throws -> Void) throws -> [[Float]] {
    var losses: [[Float]] = []
    for batch in device.evaluator.batches(of: samples) {
      try pause()
      losses += try device.evaluator.rowLosses(batch)
    }
    return losses
  }
}
