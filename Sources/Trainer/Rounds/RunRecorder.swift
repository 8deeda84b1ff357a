import Foundation
import Kernels

/// Writes down what a round was: round.json, the answers to its tasks, and the matrix so far.
struct RunRecorder {
  let material: RunMaterial
  let device: RunDevice
  let folder: RunFolder

  private var recipe: Recipe { material.recipe }

  /// Names M0 by path and hash; it is not copied.
  ///
  /// - Returns: the SHA-256 of its weights; nil where they are drawn from the seed.
  func recordBase(_ evaluation: RunEvaluator.Evaluation) throws -> String? {
    var record = emptyRecord(round: 0, name: "base", evaluation)
    if case .source(let source) = material.base {
      record.parent = source.path
      record.sha256 = try source.weightsSha256()
    }
    let target = folder.round(0, "base")
    try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
    try SampleFile.write(evaluation.answers, to: target.appending(path: SampleFile.name))
    try folder.write(record, to: target.appending(path: "round.json"))
    return record.sha256
  }

  /// Records a round beside its model.
  ///
  /// - Parameters:
  ///   - sha256: of the model's weights.
  ///   - save: bytes that saving the model took.
  func record(
    _ state: RunState, trainer: RoundTrainer, evaluation: RunEvaluator.Evaluation, sha256: String,
    save: TransferLedger, in target: URL
  ) throws {
    var record = emptyRecord(round: state.round, name: trainer.round.name, evaluation)
    record.parent =
      state.round == 1
      ? folder.round(0, "base").lastPathComponent
      : folder.round(state.round - 1, recipe.rounds[state.round - 2].name).lastPathComponent
    record.parentSha256 = state.parentSha256
    record.sha256 = sha256
    record.settings = trainer.round.settings.values
    let union = Set(trainer.datasets.map(\.name))
    record.leaks = material.leaks.filter { union.contains($0.training) }.reduce(0) { $0 + $1.leaked }
    record.steps = state.step
    record.finalLoss = state.lastLoss
    record.bestStep = trainer.round.settings.loadBestModelAtEnd ? state.best?.step : nil
    record.stoppedEarly = trainer.round.settings.earlyStoppingPatience == nil ? nil : state.stoppedEarly
    record.seconds = state.seconds
    record.transferOfSave = .init(save)
    record.datasets = trainer.datasets.enumerated().map { index, dataset in
      RoundRecord.DatasetRecord(
        name: dataset.name, path: dataset.url.path, sha256: material.hash(of: dataset), rows: dataset.statistics.rows,
        tokens: dataset.statistics.tokens, cut: dataset.statistics.cut, dropped: dataset.statistics.dropped,
        rowsSeen: state.rowsSeen[index], tokensSeen: state.tokensSeen[index])
    }
    try SampleFile.write(evaluation.answers, to: target.appending(path: SampleFile.name))
    try folder.write(record, to: target.appending(path: "round.json"))
  }

  private func emptyRecord(round: Int, name: String, _ evaluation: RunEvaluator.Evaluation) -> RoundRecord {
    RoundRecord(
      round: round, name: name, datasets: [], steps: 0, seconds: 0, finished: Date().ISO8601Format(),
      device: device.executor.deviceName, family: device.executor.traits?.matmulFamily.rawValue,
      loss: evaluation.losses, general: evaluation.general, plannedBytes: device.plannedBytes,
      peakBytes: device.executor.peakAllocatedBytes, transferOfEvaluation: .init(evaluation.transfer))
  }
}
