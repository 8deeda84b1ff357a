import Testing

import Trainer

@Suite("The matrix as the report reads it")
struct TransferRecordsTests {
  @Test("what became of each dataset")
  func courses() throws {
    let fixture = try ReportFixture()
    try fixture.write(
      """
      {"datasets": ["a", "b", "c"], "loss": [[4, 6, 5], [2, 5.5, 5], [1.5, 1, null], [1.75, 1.25, 2]]}
      """, "transfer.json")
    let transfer = try #require(try TransferRecords(path: fixture.file("transfer.json").path))
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
      numbers.map(TransferReport.format) == ["1.234", "0.000", "-2.500", "2.87e+32", "-1.5e+29", "inf", "nan"])
  }

  @Test("the figures agree with those of the matrix that trained")
  func agreesWithMatrix() throws {
    let rows: [[Double?]] = [[4, 6, 5], [2, 5.5, 5], [1.5, 1, 4], [1.75, 1.25, 2]]
    var matrix = TransferMatrix(datasets: ["a", "b", "c"])
    matrix.loss = rows
    let fixture = try ReportFixture()
    try RunFolder(fixture.folder).write(TransferReport(matrix), to: fixture.file("transfer.json"))
    let transfer = try #require(try TransferRecords(path: fixture.file("transfer.json").path))
    #expect(transfer.loss.rows == rows)
    let known = transfer.courses.compactMap(\.sinceOwnRound)
    #expect(known.reduce(0, +) / Double(known.count) == matrix.backwardTransfer)
    let forgotten = transfer.courses.compactMap(\.forgetting)
    #expect(forgotten.reduce(0, +) / Double(forgotten.count) == matrix.forgetting)
    #expect(transfer.loss.finalMean == matrix.finalMeanLoss)
  }

  @Test("a run of M0 alone has no courses")
  func baseAlone() throws {
    let fixture = try ReportFixture()
    try fixture.write(#"{"datasets": ["a"], "loss": [[4]]}"#, "transfer.json")
    #expect(try TransferRecords(path: fixture.file("transfer.json").path)?.courses == [])
  }

  @Test("less loss and perplexity, and more of a score, is better")
  func direction() {
    let loss = TransferRecords.Measure(name: "loss", rows: [], standardErrors: [])
    let score = TransferRecords.Measure(name: "chrf", rows: [], standardErrors: [])
    #expect(loss.gain(of: 1, over: 3) == 2)
    #expect(score.gain(of: 1, over: 3) == -2)
    #expect(score.gain(of: nil, over: 3) == nil)
  }
}
