import Foundation

/// What a finished run leaves behind.
package struct RunSummary: Encodable {
  package struct Round: Encodable {
    package let name: String
    package let model: String
    package let steps: Int
    package let finalLoss: Double?
  }

  package let outputDir: String
  package let rounds: [Round]
  package let transfer: TransferReport

  /// - Throws: where the record of a round, which an earlier start may have trained, cannot be read.
  init(_ state: RunState, recipe: Recipe, folder: RunFolder) throws(FileError) {
    outputDir = folder.url.path
    rounds = try recipe.rounds.enumerated().map { index, round throws(FileError) in
      let model = folder.round(index + 1, round.name)
      return Round(
        name: round.name, model: model.path, steps: try RoundSummary(folder: model)?.steps ?? 0,
        finalLoss: state.finalLosses.indices.contains(index) ? state.finalLosses[index] : nil)
    }
    transfer = TransferReport(state.transfer)
  }
}
