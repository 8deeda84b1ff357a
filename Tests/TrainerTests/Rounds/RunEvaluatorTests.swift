import Foundation
import GPUTensor
import TestSupport
import Testing
import Trainer

@Suite("What a run measures")
struct RunEvaluatorTests {
  /// Two rounds whose rows are answered after each: one by choosing a label, one by writing.
  private static func recipe(_ fixture: RunFixture) throws -> Recipe {
    let train = try ["one", "two"].map { (name: $0, train: try fixture.write($0 + ".jsonl", word: $0, rows: 24)) }
    let valid = try ["one", "two"].map { try fixture.write($0 + "-valid.jsonl", word: $0, rows: 6, from: 24) }
    var recipe = fixture.recipe(settings: RunFixture.settings(steps: 60, saveSteps: 50), rounds: train, valid: valid)
    recipe.rounds[0].task = .classification
    recipe.rounds[1].task = .qa
    recipe.evaluation.maxExamples = 5
    recipe.evaluation.maxNewTokens = 12
    recipe.evaluation.batchSize = 2
    return recipe
  }

  @Test("tasks are answered after each round, scored, and written beside the model", arguments: TrainerExecutors.all)
  func tasks(_ choice: ExecutorChoice) throws {
    let fixture = try RunFixture()
    let (summary, notes) = try fixture.run(try Self.recipe(fixture), on: choice.make())
    let matrix = try LlamaGolden.decode(TransferMatrix.self, from: fixture.output.appending(path: "transfer.json"))
    #expect(Set(matrix.metrics.keys) == ["accuracy", "macro_f1", "exact_match", "f1"])
    #expect(matrix == summary.transfer.matrix)
    for (name, rows) in matrix.metrics {
      #expect(rows.count == 3, "\(name)")
      let isKnown = name == "accuracy" || name == "macro_f1" ? [true, false] : [false, true]
      for row in rows { #expect(row.map { $0 != nil } == isKnown, "\(name)") }
      #expect(matrix.standardErrors[name]?.map { $0.map { $0 != nil } } == rows.map { $0.map { $0 != nil } })
    }
    // The rules are learned: answers that were wrong before are right in the end.
    #expect(try #require(matrix.metrics["exact_match"]?[0][1]) == 0)
    #expect(try #require(matrix.metrics["exact_match"]?[2][1]) >= 60)
    #expect(notes.contains { $0.hasPrefix("two after two: exact_match ") })

    for folder in ["00-base", "01-one", "02-two"] {
      let lines = try SamplesFile.read(in: fixture.rounds.appending(path: folder))
      #expect(lines.map(\.dataset) == Array(repeating: "one", count: 5) + Array(repeating: "two", count: 5))
      #expect(lines.allSatisfy { $0.prompt.hasPrefix($0.dataset) && $0.reference?.hasPrefix($0.dataset) == true })
      // An answer of a classification is one of the labels.
      let labels = Set(lines.filter { $0.dataset == "one" }.map(\.reference))
      #expect(lines.filter { $0.dataset == "one" }.allSatisfy { labels.contains($0.completion) })
    }
    let record = try fixture.record("02-two")
    #expect(abs(Double(record.peakBytes) - Double(record.plannedBytes)) <= 0.1 * Double(record.plannedBytes))
  }

  @Test("a general text's loss stands in each row, and its drift is the last less the first")
  func general() throws {
    let fixture = try RunFixture()
    var recipe = try Self.recipe(fixture)
    for index in recipe.rounds.indices { recipe.rounds[index].task = nil }
    let text = fixture.folder.appending(path: "general.txt")
    try Data("It was a bright cold day in April, and the clocks were striking thirteen.".utf8).write(to: text)
    recipe.evaluation.general = RowFiles(text)
    let (summary, _) = try fixture.run(recipe, on: CPUExecutor<Float>())
    let matrix = summary.transfer.matrix
    try #require(matrix.general.count == 3 && !matrix.general.contains(nil))
    let (first, last) = try (#require(matrix.general[0]), #require(matrix.general[2]))
    #expect(matrix.drift == last - first)
    #expect(try fixture.record("02-two").general == last)
    let object = try JSONSerialization.jsonObject(
      with: Data(contentsOf: fixture.output.appending(path: "transfer.json")))
    // Foundation reads decimals to within a unit in the last place.
    #expect(abs(try #require((object as? [String: Any])?["drift"] as? Double) - (last - first)) < 1e-12)
  }

  @Test("text to generate from has a perplexity, which is e to its loss and better where it is less")
  func perplexity() throws {
    let fixture = try RunFixture()
    let file = fixture.folder.appending(path: "text.jsonl")
    try Data(String(repeating: "{\"text\": \"abc abd abe abf abg\"}\n", count: 8).utf8).write(to: file)
    var recipe = fixture.recipe(
      settings: RunFixture.settings(steps: 4, saveSteps: 50), rounds: [("text", file)], valid: [file],
      allowLeaks: ["text"])
    recipe.rounds[0].task = .generation
    recipe.evaluation.maxNewTokens = 4
    let matrix = try fixture.run(recipe, on: CPUExecutor<Float>()).summary.transfer.matrix
    #expect(Set(matrix.metrics.keys) == ["distinct_1", "distinct_2", "perplexity"])
    for (perplexity, loss) in zip(try #require(matrix.metrics["perplexity"]), matrix.loss) {
      #expect(abs(try #require(perplexity[0]) - exp(try #require(loss[0]))) < 1e-9)
    }
    var worse = TransferMatrix(datasets: ["a", "b"])
    worse.metrics["perplexity"] = [[9, 9], [2, 9], [5, 3]]
    #expect(worse.table("perplexity").backwardTransfer == -3 && worse.table("perplexity").forgetting == 3)
    worse.metrics["bleu"] = worse.metrics["perplexity"]
    #expect(worse.table("bleu").backwardTransfer == 3 && worse.table("bleu").forgetting == -3)
  }

  @Test("a task is refused before anything is written: too many labels, no tokenizer")
  func refusals() throws {
    let fixture = try RunFixture()
    var recipe = try Self.recipe(fixture)
    let many = fixture.folder.appending(path: "many.jsonl")
    let rows = (0..<150).map { "{\"prompt\": \"pick one:\", \"completion\": \"\($0)\"}" }.joined(separator: "\n")
    try Data(rows.utf8).write(to: many)
    recipe.rounds[0].valid = RowFiles(many)
    recipe.evaluation.maxExamples = nil
    do {
      try fixture.run(recipe, on: CPUExecutor<Float>())
      Issue.record("it was taken")
    } catch let error as RoundError {
      #expect(error.exitCode == 65)
      #expect("\(error)".contains("rounds.0.task: one: 150 different completions"), "\(error)")
    }
    #expect(!FileManager.default.fileExists(atPath: fixture.output.path))
  }
}
