import Foundation
import GPUTensor
import Testing
import Trainer

@Suite("Shares of a round")
struct RoundSharesTests {
  /// A round's shares as a check of the data gives them.
  private func check(_ recipe: Recipe) throws -> DataCheck { try DataCheck(recipe, text: TextEncoding(recipe)) }

  @Test("a tenth of the rows that is six tenths of the loss is found, with both shares; by hand")
  func imbalance() throws {
    let fixture = try RunFixture()
    // A byte is a token, and EOS one more: 10 supervised tokens a short row, 135 a long one.
    let short = try fixture.rows("short.jsonl", 80) { ("question \($0 + 100)", String(repeating: "s", count: 9)) }
    let long = try fixture.rows("long.jsonl", 80) { ("task \($0 + 100)", String(repeating: "l", count: 134)) }
    // 320 draws are five of the sampler's blocks of 64, in which shares are exact.
    var settings = RunFixture.settings(steps: 32, saveSteps: 50)
    (settings.sequenceLength, settings.perDeviceTrainBatchSize, settings.packing) = (256, 10, false)
    settings.union.sampling = .weights
    settings.union.weights = ["short": 9, "long": 1]
    var recipe = fixture.recipe(
      base: .preset(name: "tiny", tokenizer: .bytes(vocabularySize: 259)), settings: settings,
      rounds: [("short", short), ("long", long)])
    for index in recipe.rounds.indices { recipe.rounds[index].split = 0.5 }
    let check = try check(recipe)
    let round = check.rounds[1]
    #expect(round.name == "long" && round.steps == 32 && round.isWhole)
    #expect(round.parts.map(\.name) == ["short", "long"] && round.parts.map(\.draws) == [288, 32])
    #expect(round.parts.map(\.supervisedTokens) == [2_880, 4_320])
    #expect(round.parts.map(\.shareOfRows) == [0.9, 0.1] && round.parts.map(\.shareOfSupervised) == [0.4, 0.6])
    #expect(round.parts.map(\.passes) == [7.2, 0.8])
    let found = check.findings.filter { $0.subject == .balance }
    #expect(found.map(\.dataset) == ["short", "long"] && found.allSatisfy { $0.round == "long" })
    #expect(found.allSatisfy { $0.severity == .warning } && check.isSpoilt)
    #expect(found.last?.what == "long is 10.0 % of the rows and 60.0 % of the supervised tokens")

    // A weight of 1/15 in the long rows makes a supervised token of theirs count as little as the rows say.
    let text = try String(contentsOf: long, encoding: .utf8)
    try Data(text.replacing("{", with: #"{"weight": 0.074, "#).utf8).write(to: long)
    #expect(try self.check(recipe).findings.allSatisfy { $0.subject != .balance })
  }

  @Test("rows, tokens and steps are those that the run then reads", arguments: [true, false])
  func asRead(_ packing: Bool) throws {
    let fixture = try RunFixture()
    let one = try fixture.write("one.jsonl", word: "one", rows: 21)
    let two = try fixture.write("two.jsonl", word: "twenty", rows: 9)
    let base = try fixture.write("base.jsonl", word: "base", rows: 5)
    var settings = RunFixture.settings(steps: 3, saveSteps: 50)
    (settings.duration, settings.packing, settings.gradientAccumulationSteps) = (.epochs(1.5), packing, 2)
    settings.union.sampling = .proportional
    settings.union.baseReplay = .init(train: RowFiles(base), fraction: 0.25)
    settings.objective = ReadingOrder(forward: 0.5, reverse: 0.5)
    var recipe = fixture.recipe(settings: settings, rounds: [("one", one), ("two", two)])
    recipe.rounds[1].settings.union.examples = 12
    let check = try check(recipe)
    try fixture.run(recipe, on: CPUExecutor<Float>())
    for (round, folder) in zip(check.rounds, ["01-one", "02-two"]) {
      let record = try fixture.record(folder)
      #expect(round.steps == record.steps && round.isWhole)
      #expect(round.parts.map(\.draws) == record.datasets.map(\.rowsSeen))
      #expect(round.parts.map(\.tokens) == record.datasets.map(\.tokensSeen))
      #expect(abs(round.parts.reduce(0) { $0 + $1.shareOfSupervised } - 1) < 1e-12)
    }
    #expect(check.datasets.map(\.name) == ["one", "base replay", "two"])
    // Twelve rows of the union, by their sizes, and base replay beside them.
    #expect(check.rounds[1].parts.map(\.rows).reduce(0, +) == 12)
  }

  @Test("a walk that ends early estimates the rest")
  func estimate() throws {
    let fixture = try RunFixture()
    let one = try fixture.write("one.jsonl", word: "one", rows: 30)
    for duration in [TrainingDuration.steps(40), .epochs(20)] {
      var settings = RunFixture.settings(steps: 1, saveSteps: 50)
      settings.duration = duration
      let recipe = fixture.recipe(
        base: .preset(name: "tiny", tokenizer: .bytes(vocabularySize: 259)), settings: settings, rounds: [("one", one)])
      let dataset = try recipe.rounds[0].loadTrainingRows(TextEncoding(recipe), seed: 7, sequenceLength: 48)
      let whole = RoundShares(recipe, round: 1, over: [dataset])
      let part = RoundShares(recipe, round: 1, over: [dataset], limit: 20)
      #expect(whole.isWhole && !part.isWhole)
      #expect(abs(Double(part.steps) / Double(whole.steps) - 1) < 0.1, "\(part.steps) for \(whole.steps)")
      #expect(abs(part.parts[0].passes / whole.parts[0].passes - 1) < 0.1)
    }
  }
}

extension RunFixture {
  /// Writes rows of a prompt and a completion.
  func rows(_ name: String, _ count: Int, _ row: (Int) -> (prompt: String, completion: String)) throws -> URL {
    let file = folder.appending(path: name)
    let lines = try (0..<count).map { number in
      let (prompt, completion) = row(number)
      let object = ["prompt": prompt, "completion": completion]
      return String(decoding: try JSONSerialization.data(withJSONObject: object, options: .sortedKeys), as: UTF8.self)
    }
    try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: file)
    return file
  }
}
