import Foundation
import GPUTensor
import Kernels

/// The adapters of a run on the disk.
///
/// Each round's folder holds an adapter that stands for all rounds up to it, relative to M0: merged or stacked, the sum of
/// i adapters of rank r is one of rank i·r. So every folder is a whole adapter of the base that the recipe names.
extension RunAdapters {
  /// Writes the adapter after a round, with those of the rounds before.
  ///
  /// - Parameters:
  ///   - previous: the folder of the round before; nil for the first.
  ///   - base: M0's path.
  ///   - baseSha256: of M0's weights.
  func save(
    after previous: URL?, base: String, baseSha256: String?, configuration: LlamaConfiguration, to folder: URL
  ) throws {
    var matrices = try trained.matrices(on: executor)
    var targets = trained.targets
    if folds, let previous {
      let before = try PEFTAdapter(previous, for: configuration)
      for (index, old) in before.targets.enumerated() {
        let new = targets[index]
        guard let pair = matrices[new.module] else { preconditionFailure("no matrices of \(new.module)") }
        matrices[new.module] = new.joined(
          try before.matrices(of: old), ofRank: old.rank, pair, ofRank: trained.targets[index].rank)
        targets[index] = new.withRank(
          old.rank + new.rank, usesRankStabilization: settings.usesRankStabilization, hasMagnitude: new.hasMagnitude)
      }
    }
    try PEFTAdapterWriter.write(
      targets, matrices, saved: try savedOnDisk(configuration), tokenRows: try trained.tokenRowValues(on: executor),
      biases: settings.biases,
      usesRankStabilization: settings.usesRankStabilization, base: base, baseSha256: baseSha256, to: folder)
  }

  /// The weights that are trained themselves, as PEFT keeps them: what is tied to the embedding stands there too.
  private func savedOnDisk(_ configuration: LlamaConfiguration) throws(DeviceError) -> [SavedWeight] {
    let adapted = Set(trained.targets.map(\.module))
    return try trained.savedValues(on: executor).flatMap { weight, values in
      if let module = weight.biasModule {
        return [SavedWeight(biasOf: module, isAdapted: adapted.contains(module), values: values)]
      }
      return configuration.modules(of: weight).map { SavedWeight(module: $0, shape: weight.shape, values: values) }
    }
  }

  /// Brings M0 on the device to the model of a finished round, by the steps that made it: the bits are the same.
  ///
  /// - Parameters:
  ///   - folder: the folder of that round.
  ///   - round: its number, from 1.
  ///   - foldsLast: true where the next round has begun.
  func restore(_ folder: URL, round: Int, configuration: LlamaConfiguration, foldsLast: Bool) throws {
    let saved = try PEFTAdapter(folder, for: configuration)
    guard folds else { return try load(saved) }
    let all = try saved.matrices()
    for number in 1...round {
      var matrices: LoRAMatrices = [:]
      for (index, target) in trained.targets.enumerated() {
        guard let joined = all[target.module] else { preconditionFailure("no matrices of \(target.module)") }
        let ranks = (number - 1) * target.rank..<number * target.rank
        matrices[target.module] = target.part(joined, ofRank: saved.targets[index].rank, at: ranks)
      }
      try trained.load(matrices, on: executor)
      if number < round || foldsLast { try fold(round: number) }
    }
    try trained.loadSaved(saved.savedValues, on: executor)
    try trained.loadTokenRows(saved.values(of:), on: executor)
  }
}
