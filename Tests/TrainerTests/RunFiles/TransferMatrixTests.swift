import Testing
import Trainer

@Suite("The transfer matrix")
struct TransferMatrixTests {
  private func matrix(_ loss: [[Double?]]) -> TransferMatrix {
    var matrix = TransferMatrix(datasets: ["a", "b", "c"])
    matrix.loss = loss
    return matrix
  }

  private func figures(_ matrix: TransferMatrix) -> TransferFile.Figures { TransferFile(matrix).loss.figures }

  private func isClose(_ found: Double?, _ expected: Double) -> Bool {
    found.map { abs($0 - expected) < 1e-12 } ?? false
  }

  /// Losses on a, b and c before any round, and after each of three.
  private static let known: [[Double?]] = [[5, 6, 7], [2, 5.5, 6.5], [2.5, 3, 6], [2.25, 3.5, 1]]

  @Test("figures by hand: what later rounds gave to, and took from, earlier datasets")
  func byHand() {
    let matrix = matrix(Self.known)
    let figures = figures(matrix)
    // a: 2 after its round, 2.25 at the end; b: 3 and 3.5. Losses count with the sign turned.
    #expect(isClose(figures.backwardTransfer, ((2 - 2.25) + (3 - 3.5)) / 2))
    // b before its round 5.5, without any 6; c 6 and 7.
    #expect(isClose(figures.forwardTransfer, ((6 - 5.5) + (7 - 6)) / 2))
    // The best that rounds reached: a 2, b 3.
    #expect(isClose(figures.forgetting, ((2.25 - 2) + (3.5 - 3)) / 2))
    #expect(matrix.worstForgetting?.dataset == "b")
    #expect(isClose(matrix.worstForgetting?.nats, 0.5))
    #expect(isClose(figures.finalMean, (2.25 + 3.5 + 1) / 3))
    #expect(matrix.rounds == 3)
  }

  @Test("what is regained is not forgotten: the best so far counts")
  func bestSoFar() {
    // a: 2 after its round, 1.5 after the second, 1.75 at the end.
    let matrix = matrix([[5, 6, 7], [2, 5, 6], [1.5, 3, 6], [1.75, 2.5, 1]])
    let figures = figures(matrix)
    #expect(isClose(figures.backwardTransfer, ((2 - 1.75) + (3 - 2.5)) / 2))
    #expect(isClose(figures.forgetting, (0.25 + -0.5) / 2))
    #expect(matrix.worstForgetting?.dataset == "a")
  }

  @Test("a dataset without held-out rows is left out, not counted as zero")
  func nulls() {
    let matrix = matrix([[5, nil, 7], [2, nil, 6.5], [2.5, nil, 6], [2.25, nil, 1]])
    let figures = figures(matrix)
    #expect(isClose(figures.backwardTransfer, 2 - 2.25))
    #expect(isClose(figures.forwardTransfer, 7 - 6))
    #expect(isClose(figures.forgetting, 0.25))
    #expect(matrix.worstForgetting?.dataset == "a")
    #expect(isClose(figures.finalMean, (2.25 + 1) / 2))
    let none = self.matrix([[nil, nil, nil], [nil, nil, nil], [nil, nil, nil]])
    #expect(self.figures(none) == self.figures(TransferMatrix(datasets: [])))
    #expect(none.worstForgetting == nil)
  }

  @Test("before a second round there is nothing to transfer or to forget", arguments: [0, 1, 2])
  func early(_ rows: Int) {
    let matrix = matrix(Array(Self.known.prefix(rows)))
    let figures = figures(matrix)
    #expect(figures.backwardTransfer == nil && figures.forwardTransfer == nil && figures.forgetting == nil)
    #expect(matrix.worstForgetting == nil)
    #expect(matrix.rounds == max(rows - 1, 0))
  }
}
