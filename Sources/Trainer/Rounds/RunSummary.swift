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

  init(_ state: RunState, recipe: Recipe, folder: RunFolder) {
    outputDir = folder.url.path
    rounds = recipe.rounds.enumerated().map { index, round in
      let model = folder.round(index + 1, round.name)
      return Round(
        name: round.name, model: model.path, steps: Self.steps(of: model),
        finalLoss: state.finalLosses.indices.contains(index) ? state.finalLosses[index] : nil)
    }
    transfer = TransferReport(state.transfer)
  }

  /// The steps of a round that an earlier start may have trained.
  private static func steps(of model: URL) -> Int {
    (try? RoundRecord.read(model.appending(path: "round.json")))?.steps ?? 0
  }
}
