import Foundation
import GPUTensor
import Testing
import Trainer

@Suite("Check of a recipe's data")
struct DataCheckTests {
  /// A check of one round, whose rows are a prompt and a completion; 40 of them are clean.
  private func check(
    _ more: [(prompt: String, completion: String)] = [], heldOut: Int = 20,
    change: (inout Recipe) throws -> Void = { _ in }
  ) throws -> DataCheck {
    let fixture = try RunFixture()
    let clean = (0..<40).map { ("question \($0)", "answer \($0)") }
    let rows = clean + more
    let train = try fixture.rows("train.jsonl", rows.count) { rows[$0] }
    let valid = try fixture.rows("valid.jsonl", heldOut) { ("held out \($0)", "reply \($0)") }
    var settings = RunFixture.settings(steps: 8, saveSteps: 50)
    settings.learningRate = 1e-4
    var recipe = fixture.recipe(
      base: .preset(name: "tiny", tokenizer: .bytes(vocabularySize: 259)), settings: settings,
      rounds: [("qa", train)], valid: [valid])
    try change(&recipe)
    return try DataCheck(recipe, text: TextEncoding(recipe))
  }

  private func findings(_ check: DataCheck) -> [String] {
    check.findings.map { "\($0.severity.rawValue) \($0.subject.rawValue)" }
  }

  @Test("clean rows have no finding, and every subject a verdict")
  func clean() throws {
    let check = try check()
    #expect(check.findings.isEmpty && !check.isSpoilt && check.leaks.isEmpty, "\(findings(check))")
    #expect(check.datasets[0].rows == 40 && check.datasets[0].copies == 0)
    #expect(check.datasets[0].scripts.map(\.name) == ["Latin"] && check.datasets[0].scripts[0].share == 1)
    #expect(Finding.Subject.allCases.allSatisfy { !$0.verdictWithoutFindings.isEmpty })
  }

  @Test("copies, other answers, empty answers and cuts are counted, with the first row's place")
  func rows() throws {
    let check = try check([
      ("Question 3", "answer 3."), ("question 4", "something else"), ("question 50", ""), ("question 51", " \n"),
      ("question 52", String(repeating: "x", count: 60)), (String(repeating: "p", count: 80), "never seen"),
    ])
    let dataset = check.datasets[0]
    #expect(dataset.rows == 46 && dataset.copies == 1 && dataset.cut == 2 && dataset.dropped == 1)
    // Of the row of 11 + 60 + 1 tokens the first 48 are kept; the row of 80 + 10 + 1 loses its answer.
    #expect(dataset.lostSupervisedTokens == 24 + 11)
    #expect(dataset.lengths.max == 91 && dataset.lengths.longer == 2)
    func what(_ subject: Finding.Subject) -> String { check.findings.first { $0.subject == subject }?.sentence ?? "" }
    #expect(what(.duplicates).contains("1 of the 46 rows of qa stand there before (the first: "))
    #expect(what(.duplicates).contains("train.jsonl:41)"))
    #expect(what(.answers).contains("1 of the 46") && what(.answers).contains("train.jsonl:42)"))
    #expect(what(.emptyAnswers).contains("2 of the 46") && what(.emptyAnswers).contains("train.jsonl:43)"))
    #expect(what(.cut).contains("2 of the 46 rows of qa are cut, and lose 35 supervised tokens"))
    #expect(what(.dropped).contains("1 of the 46"))
    #expect(
      findings(check) == [
        "warning duplicates", "warning empty answers", "warning cut rows", "warning dropped rows", "note answers",
      ])
  }

  @Test("single rows among many are notes")
  func few() throws {
    let more = (0..<400).map { ("more \($0)", "words \($0)") }
    let check = try check(more + [("question 3", "answer 3"), ("question 50", "")])
    #expect(findings(check) == ["note duplicates", "note empty answers"], "\(check.findings)")
    #expect(!check.isSpoilt)
  }

  @Test("settings that do not suit the round are found")
  func settings() throws {
    func found(_ change: (inout Recipe) -> Void) throws -> [String] { findings(try check(change: change)) }
    #expect(try found { $0.rounds[0].valid = nil } == ["warning held-out rows"])
    #expect(findings(try check(heldOut: 15)) == ["note held-out rows"])
    #expect(try found { $0.rounds[0].settings.warmupSteps = 9 } == ["warning warm-up"])
    #expect(try found { $0.rounds[0].settings.warmupSteps = 8 } == [])
    #expect(try found { $0.rounds[0].settings.warmupRatio = 1 } == [])
    #expect(try found { $0.rounds[0].settings.learningRate = 2e-3 } == ["note learning rate"])
    #expect(
      try found {
        $0.method = .lora(LoRASettings(), initial: nil)
        $0.rounds[0].settings.learningRate = 2e-3
      } == [])
    #expect(try found { $0.rounds[0].settings.learningRate = 0 } == ["warning learning rate"])
    #expect(
      try found {
        $0.rounds[0].settings.packing = false
        $0.rounds[0].settings.sequenceLength = 256
      } == ["note sequence length"])
    #expect(try found { $0.rounds[0].settings.sequenceLength = 256 } == [])
    // 40 rows, 8 rows a step: 51 steps are more than 10 passes.
    #expect(
      try found {
        $0.rounds[0].settings.packing = false
        $0.rounds[0].settings.perDeviceTrainBatchSize = 8
        $0.rounds[0].settings.duration = .steps(51)
      } == ["warning passes"])
  }

  @Test("rows that two datasets share, leaks and tokens with two BOS are found")
  func datasets() throws {
    let check = try check { recipe in
      let file = try recipe.rounds[0].train.resolved()[0].deletingLastPathComponent().appending(path: "other.jsonl")
      var other = recipe.rounds[0]
      other.name = "other"
      other.train = RowFiles(file)
      let own = (0..<40).map { #"{"prompt": "Вопрос \#($0)", "completion": "ответ \#($0 + 50)"}"# }
      let taken = [
        #"{"prompt": "question 7", "completion": "answer 7"}"#, #"{"prompt": "held out 2", "completion": "reply 2"}"#,
        #"{"input_ids": [256, 256, 72, 73, 257], "labels": [-100, -100, -100, 73, 257]}"#,
      ]
      try Data((own + taken).joined(separator: "\n").utf8).write(to: file)
      other.valid = nil
      recipe.rounds.append(other)
      for index in recipe.rounds.indices { recipe.rounds[index].settings.sequenceLength = 64 }
    }
    #expect(check.datasets.map(\.name) == ["qa", "other"])
    #expect(check.datasets[1].scripts.first?.name == "Cyrillic")
    let subjects = Set(findings(check))
    #expect(subjects.contains("warning BOS"), "\(check.findings)")
    #expect(check.datasets[1].shared.map(\.dataset) == ["qa"], "\(check.datasets[1].shared)")
    #expect(subjects.contains("fault leaks") && check.leaks.contains { $0.leaked > 0 }, "\(check.findings)")
    #expect(check.findings.first?.severity == .fault && check.isSpoilt)
  }

  @Test("rows that cannot be read are a fault, named once, and the other rounds are looked at")
  func unreadable() throws {
    let check = try check { recipe in
      let file = try recipe.rounds[0].train.resolved()[0].deletingLastPathComponent().appending(path: "other.jsonl")
      var other = recipe.rounds[0]
      other.name = "other"
      other.train = RowFiles(file)
      try Data("{\"prompt\": 1}\n".utf8).write(to: file)
      recipe.rounds.append(other)
      other.name = "third"
      other.train = recipe.rounds[0].train
      recipe.rounds.append(other)
    }
    let faults = check.findings.filter { $0.severity == .fault }
    #expect(faults.count == 1 && faults[0].subject == .rows && faults[0].what.contains("other.jsonl:1"), "\(faults)")
    #expect(check.rounds.map(\.name) == ["qa"])
  }

  // MARK: - A run's start

  @Test("a run warns before its first step, a line for each subject; without cause it says nothing")
  func runWarnings() throws {
    let fixture = try RunFixture()
    let one = try fixture.write("one.jsonl", word: "one", rows: 20)
    let two = try fixture.rows("two.jsonl", 20) { ("two \($0)", String(repeating: "word ", count: 7)) }
    let valid = try fixture.write("valid.jsonl", word: "valid", rows: 3)
    var settings = RunFixture.settings(steps: 3, saveSteps: 50)
    let quiet = try fixture.run(
      fixture.recipe(settings: settings, rounds: [("one", one)], valid: [valid]), on: CPUExecutor<Float>())
    #expect(quiet.notes.allSatisfy { !$0.contains("warning") }, "\(quiet.notes)")

    let loud = try RunFixture()
    settings.warmupSteps = 4
    settings.union.sampling = .weights
    settings.union.weights = ["one": 5, "two": 1]
    var steps = 0
    var before: [String] = []
    let (_, notes) = try loud.run(
      loud.recipe(
        base: .preset(name: "tiny", tokenizer: .bytes(vocabularySize: 259)), settings: settings,
        rounds: [("one", one), ("two", two)]), on: CPUExecutor<Float>(),
      step: { _ in steps += 1 }, note: { if steps == 0 { before.append($0) } })
    let warnings = notes.filter { $0.hasPrefix("warning: ") }
    #expect(before.filter { $0.hasPrefix("warning: ") } == warnings && warnings.count == 3, "\(warnings)")
    #expect(warnings[0].hasPrefix("warning: round one: it has no held-out rows"), "\(warnings)")
    #expect(warnings[0].hasSuffix("(and 1 more of the kind, see `accrete data check`)"))
    #expect(warnings[1].hasPrefix("warning: round two: ") && warnings[1].contains("% of the supervised tokens"))
    #expect(warnings[2].hasPrefix("warning: round one: its 3 steps end within a warm-up of 4"))
  }
}
