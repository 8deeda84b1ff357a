import Foundation
import Testing

import Trainer

@Suite("The records of a run")
struct RunRecordsTests {
  private func error(_ fixture: ReportFixture) -> FileError? {
    do {
      _ = try fixture.records()
      return nil
    } catch {
      return error
    }
  }

  @Test("everything is read, and steps count over the rounds")
  func complete() throws {
    let records = try ReportFixture().records()
    #expect(records.steps.globalSteps == Array(1...8))
    #expect(records.steps.rounds.map(\.stepsBefore) == [0, 4])
    #expect(records.steps.losses[2].isNaN)
    #expect(records.evaluations == [EvaluationLine(round: 1, name: "one", step: 2, losses: [3.5, nil])])
    #expect(records.base?.name == "base")
    #expect(records.rounds.map(\.name) == ["one", ReportFixture.secondName])
    #expect(records.rounds[1].settingTexts.map(\.key) == ["learning_rate", "max_steps"])
    #expect(records.rounds[0].samples.isEmpty && records.rounds[1].samples.count == 1)
  }

  @Test("a folder without a recipe is no run, nor is one with nothing but a recipe")
  func noRun() throws {
    let fixture = try ReportFixture()
    try fixture.remove("recipe.yaml")
    #expect(error(fixture)?.kind == .notFound)
    let other = try ReportFixture()
    for path in ["rounds", "metrics.jsonl"] { try other.remove(path) }
    #expect(error(other)?.kind == .notFound)
  }

  @Test("any other file may be missing", arguments: ["rounds", "metrics.jsonl", "transfer.json", "evaluations.jsonl"])
  func missing(path: String) throws {
    let fixture = try ReportFixture()
    try fixture.remove(path)
    #expect(error(fixture) == nil)
  }

  @Test("records of an older version, which lack the newer keys, are read")
  func older() throws {
    let fixture = try ReportFixture()
    try fixture.write(#"{"datasets": ["one", "two"], "loss": [[4, null]], "metrics": {}}"#, "transfer.json")
    try fixture.write(#"{"round": 1, "name": "one", "steps": 4, "seconds": 2.5}"#, "rounds/01-one/round.json")
    let records = try fixture.records()
    #expect(records.transfer?.loss.rows == [[4, nil]])
    #expect(records.transfer?.drift == nil)
    #expect(records.rounds[0].seconds == 2.5)
    #expect(records.rounds[0].leaks == nil)
  }

  @Test("a last line that a crash cut is passed over; a damaged one before it is not")
  func damagedMetrics() throws {
    let fixture = try ReportFixture()
    let whole = try fixture.text("metrics.jsonl")
    try fixture.write(whole + #"{"round": 2, "st"#, "metrics.jsonl")
    #expect(try fixture.records().steps.count == 8)

    var lines = whole.split(separator: "\n").map(String.init)
    let place = lines[..<2].joined(separator: "\n").utf8.count + 1
    lines[2] = #"{"round": 1, "step": "three"}"#
    try fixture.write(lines.joined(separator: "\n") + "\n", "metrics.jsonl")
    let found = try #require(error(fixture))
    #expect(found.kind == .invalid)
    #expect(found.path == fixture.file("metrics.jsonl").path + ":3")
    #expect(found.byteOffset == place + 21)
    #expect(found.description.contains("an integer was expected for \"step\""))
    #expect(found.description.contains("restore the file"))
  }

  @Test(
    "a damaged matrix is named with its place",
    arguments: [
      #"{"datasets": ["one"], "loss": [[1, 2]]}"#, #"{"datasets": ["one"], "loss": [["x"]]}"#,
      #"{"datasets": ["one"], "loss": [[1], [2], [3]]}"#, #"{"datasets": ["one"]}"#, #"{"datasets": "#, "[]",
      #"{"datasets": ["one"], "loss": [[1]], "metrics": {"f1": [[1], 2]}}"#,
    ])
  func damagedTransfer(text: String) throws {
    let fixture = try ReportFixture()
    try fixture.write(text, "transfer.json")
    let found = try #require(error(fixture))
    #expect(found.kind == .invalid)
    #expect(found.path == fixture.file("transfer.json").path)
    #expect(found.remedy == RecordObject.remedy)
  }

  @Test("a refused round stands after a kept one of its number, and is none of the kept")
  func refused() throws {
    let fixture = try ReportFixture()
    try fixture.write(ReportFixture.record(1, "one"), "rounds/01-one.refused/round.json")
    let records = try fixture.records()
    #expect(records.rounds.map(\.folder) == ["01-one", "01-one.refused", "02-two"])
    #expect(records.keptRounds.map(\.round) == [1, 2])
  }
}
