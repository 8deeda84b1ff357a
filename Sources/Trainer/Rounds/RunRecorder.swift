import Foundation
import GPUTensor
import Kernels

/// Writer of a round's folder: its model, round.json, and the answers to its tasks.
struct RunRecorder {
  let material: RunInputs
  let device: RunOnDevice
  let folder: RunFolder

  private var recipe: Recipe { material.recipe }

  /// Records M0 by path and hash, without a copy of it.
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
    try write(record, evaluation, in: target)
    return record.sha256
  }

  /// Records a round beside its model.
  ///
  /// - Parameters:
  ///   - sha256: SHA-256 of the model's weights.
  ///   - save: bytes that saving the model took.
  ///   - target: folder of the round.
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
    record.settings = .named(trainer.round.settings.values)
    let union = Set(trainer.datasets.map(\.name))
    record.leaks = material.leaks.filter { union.contains($0.training) }.reduce(0) { $0 + $1.leaked }
    record.steps = state.step
    record.finalLoss = state.lastLoss
    record.bestStep = trainer.round.settings.loadBestModelAtEnd ? state.best?.step : nil
    record.stoppedEarly = trainer.round.settings.earlyStoppingPatience == nil ? nil : state.stoppedEarly
    record.seconds = state.seconds
    record.transferOfSave = .init(save)
    record.datasets = trainer.datasets.enumerated().map { index, dataset in
      RoundFile.Dataset(
        name: dataset.name, path: dataset.files.path, sha256: material.hash(of: dataset), rows: dataset.statistics.rows,
        tokens: dataset.statistics.tokens, cut: dataset.statistics.cut, split: dataset.statistics.split,
        tooLong: dataset.statistics.tooLong, dropped: dataset.statistics.dropped,
        estimated: dataset.statistics.isEstimated ? true : nil, rowsSeen: state.rowsSeen[index],
        tokensSeen: state.tokensSeen[index])
    }
    record.templates = trainer.datasets.reduce(into: [:]) { $0[$1.name] = $1.remarks.completionForm }
    try write(record, evaluation, in: target)
  }

  /// Writes the current model as a Hugging Face folder, or its adapter as PEFT's.
  ///
  /// - Parameters:
  ///   - target: folder of the round.
  ///   - baseSha256: SHA-256 of M0's weights.
  /// - Returns: the SHA-256 of the file of weights, or of the adapter.
  /// - Throws: `RoundError.modelNotFinite` where a number is not finite: then no file of the model is left.
  func saveModel(to target: URL, round: Int, baseSha256: String?) throws -> String {
    let weights: String
    do {
      if let adapters = device.adapters {
        weights = PEFTAdapter.weightsName
        let previous = round > 1 ? folder.round(round - 1, recipe.rounds[round - 2].name) : nil
        if let module = try adapters.firstNotFinite() { throw notFinite(module, round: round) }
        try adapters.save(
          after: previous, base: material.basePath, baseSha256: baseSha256, configuration: material.configuration,
          to: target)
      } else {
        weights = "model.safetensors"
        try HuggingFaceWriter.write(material.configuration, to: target) { [device] name, emit in
          try device.model.weights.parameters.read(name, from: device.executor) { floats in
            guard floats.allSatisfy(\.isFinite) else { throw notFinite(name, round: round) }
            try emit(floats)
          }
        }
      }
    } catch {
      // Removes the folder only where it is empty.
      rmdir(target.path)
      throw error
    }
    if let tokenizer = material.tokenizer { try writeTokenizer(tokenizer, to: target) }
    return try FileHash.sha256(of: target.appending(path: weights))
  }

  private func notFinite(_ name: String, round: Int) -> RoundError {
    .modelNotFinite(
      round: recipe.rounds[round - 1].name, problem: "\(name) holds numbers that are not finite")
  }

  private func write(_ record: RoundFile, _ evaluation: RunEvaluator.Evaluation, in target: URL) throws {
    try SamplesFile.write(evaluation.answers, to: target.appending(path: SamplesFile.fileName))
    try record.write(in: target)
  }

  private func emptyRecord(round: Int, name: String, _ evaluation: RunEvaluator.Evaluation) -> RoundFile {
    RoundFile(
      round: round, name: name, datasets: [], steps: 0, seconds: 0, finished: Date().ISO8601Format(),
      device: device.executor.deviceName, family: device.executor.traits?.matmulFamily.rawValue,
      loss: evaluation.losses, general: evaluation.general, plannedBytes: device.plannedBytes,
      peakBytes: device.executor.peakAllocatedBytes, transferOfEvaluation: .init(evaluation.transfer))
  }
}
