import Foundation

/// Result of a finished run, as `accrete train --json` prints it.
package struct RunSummary: Encodable {
  /// Result of one round.
  package struct Round: Encodable {
    package let name: String
    /// Path of the model's folder.
    package let model: String
    package let steps: Int
    /// Last finite mean token loss of training, in nats.
    package let finalLoss: Double?
  }

  package let outputDir: String
  package let rounds: [Round]
  package let transfer: TransferFile

  /// Takes the state of a finished run.
  ///
  /// - Throws: `FileError` where a round.json, which an earlier start may have written, cannot be read.
  init(_ state: RunState, recipe: Recipe, folder: RunFolder) throws(FileError) {
    outputDir = folder.url.path
    rounds = try recipe.rounds.enumerated().map { index, round throws(FileError) in
      let model = folder.round(index + 1, round.name)
      return Round(
        name: round.name, model: model.path, steps: try RoundFile.read(in: model)?.steps ?? 0,
        finalLoss: state.finalLosses.indices.contains(index) ? state.finalLosses[index] : nil)
    }
    transfer = TransferFile(state.transfer)
  }
}
