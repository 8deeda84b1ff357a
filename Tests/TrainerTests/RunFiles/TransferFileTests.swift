import Testing

import Trainer

@Suite("transfer.json")
struct TransferFileTests {
  @Test("what became of each dataset")
  func courses() throws {
    let fixture = try ReportFixture()
    try fixture.write(
      """
      {"datasets": ["a", "b", "c"], "loss": [[4, 6, 5], [2, 5.5, 5], [1.5, 1, null], [1.75, 1.25, 2]]}
      """, "transfer.json")
    let transfer = try #require(try TransferFile.read(in: fixture.folder))
    let courses = transfer.courses
    #expect(courses.map(\.base) == [4, 6, 5])
    #expect(courses.map(\.before) == [4, 5.5, nil])
    #expect(courses.map(\.after) == [2, 1, 2])
    #expect(courses.map(\.last) == [1.75, 1.25, 2])
    #expect(courses.map(\.sinceOwnRound) == [0.25, -0.25, nil])
    // a was at its best after round 2.
    #expect(courses.map(\.forgetting) == [0.25, 0.25, nil])
  }

  @Test("a number of any size is written: a loss may run away, or not be one")
  func numbers() {
    let numbers: [Double] = [1.2344, -0.0004, -2.5, 2.87e32, -1.5e29, .infinity, .nan]
    #expect(
      numbers.map(TransferFile.format) == ["1.234", "0.000", "-2.500", "2.87e+32", "-1.5e+29", "inf", "nan"])
  }

  @Test("the figures agree with those of the matrix that trained")
  func agreesWithMatrix() throws {
    let rows: [[Double?]] = [[4, 6, 5], [2, 5.5, 5], [1.5, 1, 4], [1.75, 1.25, 2]]
    var matrix = TransferMatrix(datasets: ["a", "b", "c"])
    matrix.loss = rows
    let fixture = try ReportFixture()
    try TransferFile(matrix).write(in: fixture.folder)
    let transfer = try #require(try TransferFile.read(in: fixture.folder))
    #expect(transfer.loss.rows == rows)
    let (known, figures) = (transfer.courses.compactMap(\.sinceOwnRound), transfer.loss.figures)
    #expect(known.reduce(0, +) / Double(known.count) == figures.backwardTransfer)
    let forgotten = transfer.courses.compactMap(\.forgetting)
    #expect(forgotten.reduce(0, +) / Double(forgotten.count) == figures.forgetting)
    #expect(figures.finalMean == (1.75 + 1.25 + 2) / 3)
  }

  @Test("what was written is read again: matrices, figures, and those that cannot be drawn yet, as null")
  func roundTrip() throws {
    var matrix = TransferMatrix(datasets: ["a", "b"])
    let fixture = try ReportFixture()
    for loss in [[4, nil], [2.5, nil], [3, nil]] as [[Double?]] {
      let score = MetricScore(perplexityOf: loss[0] ?? 0)
      matrix.append(loss: loss, scores: [[score], []], general: loss[0].map { $0 / 2 })
      let file = TransferFile(matrix)
      try file.write(in: fixture.folder)
      #expect(try TransferFile.read(in: fixture.folder) == file)
      let text = try fixture.text("transfer.json")
      for key in [
        "backward_transfer", "datasets", "drift", "figures", "final_mean", "final_mean_loss", "forgetting",
        "forward_transfer", "general", "loss", "metrics", "perplexity", "standard_errors",
      ] {
        #expect(text.contains("\"\(key)\" :"), "\(key)")
      }
    }
    #expect(TransferFile(matrix).drift == -0.5 && TransferFile(matrix).metrics[0].lowerIsBetter)
  }

  @Test("a run of M0 alone has no courses")
  func baseAlone() throws {
    let fixture = try ReportFixture()
    try fixture.write(#"{"datasets": ["a"], "loss": [[4]]}"#, "transfer.json")
    #expect(try TransferFile.read(in: fixture.folder)?.courses == [])
  }

  @Test("less loss and perplexity, and more of a score, is better")
  func direction() {
    var matrix = TransferMatrix(datasets: [])
    matrix.metrics = ["chrf": [], "perplexity": []]
    let file = TransferFile(matrix)
    let (loss, score) = (file.loss, file.metrics[0])
    #expect(file.metrics[1].gain(of: 1, over: 3) == 2)
    #expect(loss.gain(of: 1, over: 3) == 2)
    #expect(score.gain(of: 1, over: 3) == -2)
    #expect(score.gain(of: nil, over: 3) == nil)
  }
}
