import Foundation
import GPUTensor
import Testing
import Trainer

@Suite("Rows of a round")
struct RoundRowsTests {
  /// Two rounds; the first splits its file, whose columns have other names.
  private static func recipe(_ fixture: RunFixture) throws -> Recipe {
    var settings = TrainingSettings()
    settings.sequenceLength = 48
    settings.perDeviceTrainBatchSize = 2
    settings.duration = .steps(5)
    settings.learningRate = 3e-3
    settings.saveSteps = 2
    let table = fixture.folder.appending(path: "one.csv")
    let rows = (0..<30).map { "one \($0):,\" one\(String(repeating: "!", count: $0 % 5))\"" }
    try Data(("question,answer\r\n" + rows.joined(separator: "\r\n")).utf8).write(to: table)
    let other = try fixture.write("two.jsonl", word: "two", rows: 20)
    var recipe = fixture.recipe(settings: settings, rounds: [("one", table), ("two", other)])
    recipe.rounds[0].columns = try ColumnNames(["prompt": "question", "completion": "answer"])
    recipe.rounds[0].split = 0.8
    return recipe
  }

  @Test("a split gives the rows of the records and the column of the matrix")
  func split() throws {
    let fixture = try RunFixture()
    let recipe = try Self.recipe(fixture)
    let (summary, notes) = try fixture.run(recipe, on: CPUExecutor<Float>())
    #expect(notes.contains { $0.hasPrefix("one: 24 rows") && $0.hasSuffix("6 rows held out") }, "\(notes)")
    let record = try fixture.record("02-two")
    #expect(record.datasets.map(\.rows) == [24, 20])
    #expect(try record.datasets[0].sha256 == recipe.rounds[0].train.sha256())
    #expect(summary.transfer.matrix.loss.map { $0.map { $0 == nil } } == [[Bool]](repeating: [false, true], count: 3))
    #expect(try Recipe.load(fixture.output.appending(path: "recipe.yaml")).yaml == recipe.yaml)
  }

  @Test("a run that crashed goes on with the same rows; another split or other columns do not go on")
  func resumes() throws {
    let fixture = try RunFixture()
    let recipe = try Self.recipe(fixture)
    let copy = fixture.folder.appending(path: "crashed")
    try fixture.run(recipe, on: CPUExecutor<Float>()) { line in
      if line.round == 1, line.step == 3 { try? FileManager.default.copyItem(at: fixture.output, to: copy) }
    }
    let weights = try fixture.weights("02-two")
    let transfer = try Data(contentsOf: fixture.output.appending(path: "transfer.json"))
    try FileManager.default.removeItem(at: fixture.output)
    try FileManager.default.moveItem(at: copy, to: fixture.output)

    for change in [
      { (recipe: inout Recipe) in recipe.rounds[0].split = 0.5 }, { recipe in recipe.rounds[0].columns = .none },
    ] {
      var changed = recipe
      change(&changed)
      do {
        try fixture.run(changed, on: CPUExecutor<Float>(), resuming: true)
        Issue.record("it went on")
      } catch let error as RoundError {
        #expect("\(error)".contains("rounds.0.split was 0.8, is 0.5"), "\(error)")
      } catch let error as DatasetError {
        // Without its columns the file cannot be read at all.
        #expect(changed.rounds[0].columns == .none && error.place.hasSuffix("one.csv:2"), "\(error)")
      }
    }
    let (_, notes) = try fixture.run(recipe, on: CPUExecutor<Float>(), resuming: true)
    #expect(notes.contains { $0.hasPrefix("resumed in round 1") }, "\(notes)")
    #expect(try fixture.weights("02-two") == weights)
    #expect(try Data(contentsOf: fixture.output.appending(path: "transfer.json")) == transfer)
  }

  @Test("the rows that train and those held out are apart, whatever the round's place and sequence length")
  func apart() throws {
    let fixture = try RunFixture()
    var recipe = try Self.recipe(fixture)
    recipe.base = .preset(name: "tiny", tokenizer: .bytes(vocabularySize: 259))
    var round = recipe.rounds[0]
    let rows = (0..<30).map { "question \($0),answer \($0)" }
    try Data(("question,answer\n" + rows.joined(separator: "\n")).utf8).write(
      to: URL(fileURLWithPath: round.train.path))
    let text = try TextEncoding(recipe)
    let training = try round.loadTrainingRows(text, seed: 7, sequenceLength: 48).samples.map(\.ids)
    let heldOut = try #require(try round.loadHeldOutRows(text, seed: 7, sequenceLength: 48)).samples.map(\.ids)
    #expect(Set(training).isDisjoint(with: heldOut) && Set(training + heldOut).count == 30)
    round.name = "again"
    #expect(try round.loadTrainingRows(text, seed: 7, sequenceLength: 64).samples.map(\.ids) == training)
    #expect(try round.loadTrainingRows(text, seed: 8, sequenceLength: 48).samples.map(\.ids) != training)
    round.split = nil
    #expect(try round.loadHeldOutRows(text, seed: 7, sequenceLength: 48) == nil)
  }
}
