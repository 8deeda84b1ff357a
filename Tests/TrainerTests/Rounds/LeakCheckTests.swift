import Foundation
import GPUTensor
import Testing
import Trainer

@Suite("Leaks")
struct LeakCheckTests {
  /// Findings of a check of rows of text, named by dataset; places are `held-name:1` and `name:1`.
  private func reports(
    heldOut: [(name: String, rows: [String])], training: [(name: String, rows: [String])], allowed: [String] = []
  ) -> [LeakReport] {
    var check = LeakCheck()
    for dataset in heldOut {
      for (index, row) in dataset.rows.enumerated() {
        check.holdOut(.text(row), at: "held-\(dataset.name):\(index + 1)", of: dataset.name)
      }
    }
    for dataset in training {
      for (index, row) in dataset.rows.enumerated() {
        check.train(.text(row), at: "\(dataset.name):\(index + 1)", of: dataset.name)
      }
    }
    return check.reports(allowed: allowed)
  }

  @Test("rows are found in the training set of any dataset, with the first place on both sides")
  func pairs() {
    let found = reports(
      heldOut: [("a", ["new", "Red fox.", "blue fox", "red fox"]), ("b", ["green fox"])],
      training: [("a", ["x"]), ("b", ["y", "blue fox", "RED FOX", "red fox"]), ("c", ["green  fox"])], allowed: ["b"])
    #expect(
      found == [
        LeakReport(
          heldOut: "a", training: "b", rows: 4, leaked: 3, overlapping: 0, heldOutPlace: "held-a:2",
          trainingPlace: "b:3"),
        LeakReport(
          heldOut: "b", training: "c", rows: 1, leaked: 1, overlapping: 0, allowed: true, heldOutPlace: "held-b:1",
          trainingPlace: "c:1"),
      ])
  }

  @Test("datasets that have nothing in common, or nothing held out, give no report")
  func none() {
    #expect(reports(heldOut: [("a", ["one"])], training: [("a", ["two"])]).isEmpty)
    #expect(reports(heldOut: [], training: [("a", ["one"])]).isEmpty)
  }

  /// Words by their numbers: `w3 w4 w5`.
  private static func text(_ words: [Int]) -> String { words.map { "w\($0)" }.joined(separator: " ") }

  @Test("a row overlaps where half of its runs of eight words or more stand in the training set; by hand")
  func overlap() {
    // Eleven words are four runs. The first ten of them hold three runs, the first nine two, the first eight one.
    for (shared, isOverlap) in [(11, true), (10, true), (9, true), (8, false), (7, false)] {
      let training = Self.text(Array(100..<105) + Array(0..<shared) + Array(200..<205))
      let found = reports(heldOut: [("a", [Self.text(Array(0..<11))])], training: [("b", [training])])
      #expect(found.map(\.overlapping) == (isOverlap ? [1] : []), "\(shared) words")
      #expect(found.allSatisfy { $0.leaked == 0 && $0.heldOutPlace == nil })
    }
  }

  @Test("five to seven words are one run of their own length; fewer are none", arguments: [4, 5, 6, 7])
  func short(_ count: Int) {
    let row = Self.text(Array(0..<count))
    let found = reports(
      heldOut: [("a", [row, Self.text(Array(50..<60))])],
      training: [("b", ["before " + row + " after"]), ("c", [Self.text(Array(0..<count - 1))])])
    #expect(found.map(\.overlapping) == (count < 5 ? [] : [1]))
    #expect(found.allSatisfy { $0.training == "b" && $0.rows == 2 })
  }

  @Test("the refusal is one line with counts, places and remedy; what is allowed is no refusal")
  func refusal() throws {
    let training = (0..<5).map { (name: "t\($0)", rows: ["red fox", "blue fox", "green fox"]) }
    let heldOut = [(name: "a", rows: ["red fox", "none"]), (name: "b", rows: ["blue fox"]), (name: "c", rows: ["x"])]
    let found = reports(heldOut: heldOut, training: training)
    let refusal = try #require(found.refusal)
    #expect(refusal.exitCode == 65)
    let line = refusal.description
    for words in [
      "1 of 2 held-out rows of a stand in the training rows of t0 (held-a:1 = t0:1)", "and 7 more pairs",
      "remove", "allow_leaks: [a, b]",
    ] { #expect(line.contains(words), "\(words) is not in: \(line)") }
    #expect(!line.contains("\n"))
    #expect(found.notes.isEmpty && found.lines.count == 10)

    // The remedy keeps what the recipe allows already: the key's list is replaced, not added to.
    let one = reports(heldOut: heldOut, training: training, allowed: ["a"])
    #expect(one.refusal?.description.contains("allow_leaks: [a, b]") == true)
    let both = reports(heldOut: heldOut, training: training, allowed: ["b", "a"])
    #expect(both.refusal == nil)
    #expect(both.notes.count == 10 && both.notes.allSatisfy { $0.hasPrefix("leak, allowed: 1 of ") })
  }

  @Test("overlaps are said in one line a dataset")
  func notes() {
    let row = Self.text(Array(0..<8))
    let found = reports(
      heldOut: [("a", [row, "x"])], training: [("b", [row + " y"]), ("c", ["y " + row]), ("d", ["z"])])
    #expect(found.refusal == nil && found.notes == found.lines)
    #expect(found.notes.count == 1)
    #expect(
      found.notes[0].hasPrefix("overlap: held-out rows of a, 2 in all") && found.notes[0].hasSuffix(": b (1), c (1)"))
  }

  // MARK: - In a run

  @Test("a run is refused before anything is written; once the leak is allowed or mended it trains")
  func run() throws {
    let fixture = try RunFixture()
    let one = try fixture.write("one.jsonl", word: "one", rows: 12)
    let two = try fixture.write("two.jsonl", word: "two", rows: 12)
    // Held out of the first round, and read by the second.
    let valid = try fixture.write("valid.jsonl", word: "two", rows: 3, from: 10)
    var recipe = fixture.recipe(
      settings: RunFixture.settings(steps: 2, saveSteps: 4), rounds: [("one", one), ("two", two)], valid: [valid])
    do {
      try fixture.run(recipe, on: CPUExecutor<Float>())
      Issue.record("the leak was not refused")
    } catch let error as RoundError {
      #expect(error.exitCode == 65)
      let says = "2 of 3 held-out rows of one stand in the training rows of two (\(valid.path):1 = \(two.path):11)"
      #expect(error.description.contains(says), "\(error)")
    }
    #expect(!FileManager.default.fileExists(atPath: fixture.output.path))
    recipe.allowLeaks = ["one"]
    let (_, notes) = try fixture.run(recipe, on: CPUExecutor<Float>())
    #expect(notes.contains { $0.hasPrefix("leak, allowed: 2 of 3 held-out rows of one") }, "\(notes)")
    #expect(try Recipe.load(fixture.output.appending(path: "recipe.yaml")).allowLeaks == ["one"])
    try FileManager.default.removeItem(at: fixture.output)

    recipe.allowLeaks = []
    _ = try fixture.write("valid.jsonl", word: "two", rows: 3, from: 12)
    try fixture.run(recipe, on: CPUExecutor<Float>())
  }

  @Test("a split whose file repeats a row on both sides leaks; the material keeps what overlaps")
  func material() throws {
    let fixture = try RunFixture()
    let file = fixture.folder.appending(path: "rows.jsonl")
    let row = #"{"text": "the same eight words stand in each row"}"# + "\n"
    try Data(String(repeating: row, count: 10).utf8).write(to: file)
    var recipe = fixture.recipe(settings: RunFixture.settings(steps: 2, saveSteps: 4), rounds: [("one", file)])
    recipe.rounds[0].split = 0.8
    #expect(throws: RoundError.self) { try RunInputs(recipe) { _ in } }
    recipe.allowLeaks = ["one"]
    let leaks = try RunInputs(recipe) { _ in }.leaks
    #expect(leaks.map(\.leaked) == [2] && leaks.map(\.overlapping) == [2] && leaks.map(\.rows) == [2])
  }

  @Test("rounds of other sequence lengths read the same rows, and count them once")
  func lengths() throws {
    let fixture = try RunFixture()
    let one = try fixture.write("one.jsonl", word: "one", rows: 6)
    let two = try fixture.write("two.jsonl", word: "two", rows: 6)
    var recipe = fixture.recipe(
      settings: RunFixture.settings(steps: 2, saveSteps: 4), rounds: [("one", one), ("two", two)], valid: [nil, one],
      allowLeaks: ["two"])
    recipe.rounds[1].settings.sequenceLength = 64
    let leaks = try RunInputs(recipe) { _ in }.leaks
    #expect(leaks.map(\.training) == ["one"] && leaks.map(\.leaked) == [6] && leaks.map(\.heldOut) == ["two"])
    #expect(leaks[0].trainingPlace == one.path + ":1")
  }
}
