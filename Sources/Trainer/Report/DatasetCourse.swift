/// Losses of one dataset over the rounds, around the round that brings it.
package struct DatasetCourse: Sendable, Equatable {
  package var name: String
  /// Number of the round that brings the dataset, from 1.
  package var round: Int
  /// Loss of M0.
  package var base: Double?
  /// Loss just before the dataset's own round.
  package var before: Double?
  /// Loss just after the dataset's own round.
  package var after: Double?
  /// Loss of the last model.
  package var last: Double?
  /// Gain since its own round, positive where better: its share of backward transfer; nil until a later round ended.
  package var sinceOwnRound: Double?
  /// Distance of the last model behind the best since the dataset's own round (arXiv:1801.10112).
  package var forgetting: Double?
}

extension TransferFile {
  /// Course of each dataset whose own round has ended, by the loss.
  package var courses: [DatasetCourse] {
    let (loss, table) = (loss, matrix.lossTable)
    return (0..<min(rounds, datasets.count)).map { index in
      let column = loss.rows.map { $0[index] }
      let hasLaterRound = index + 1 < rounds
      return DatasetCourse(
        name: datasets[index], round: index + 1, base: column[0], before: column[index], after: column[index + 1],
        last: column[rounds],
        sinceOwnRound: hasLaterRound ? loss.gain(of: column[rounds], over: column[index + 1]) : nil,
        forgetting: table.forgetting(index))
    }
  }
}
