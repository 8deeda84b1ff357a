import Foundation
import GPUTensor
import TestSupport
import Testing
import Trainer

/// A run's folder, and the data that its rounds read, in a folder of its own that goes when the fixture goes.
final class RunFixture: Sendable {
  let folder: URL
  var output: URL { folder.appending(path: "run") }
  var rounds: URL { output.appending(path: "rounds") }

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "run-\(UUID().uuidString)").standardizedFileURL
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  /// Writes rows of text that a small model learns at once: a word, counted, and the word again or another answer; no
  /// two numbers give the same words.
  func write(_ name: String, word: String, answer: String? = nil, rows: Int, from first: Int = 0) throws -> URL {
    let file = folder.appending(path: name)
    let lines = (first..<first + rows).map { number in
      #"{"prompt": "\#(word) \#(number):", "response": " \#(answer ?? word)\#(String(repeating: "!", count: number % 5))"}"#
    }
    try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: file)
    return file
  }

  /// Settings that a small model learns those rows by.
  static func settings(steps: Int, saveSteps: Int) -> TrainingSettings {
    var settings = TrainingSettings()
    settings.sequenceLength = 48
    settings.perDeviceTrainBatchSize = 2
    settings.duration = .steps(steps)
    settings.learningRate = 3e-3
    settings.warmupSteps = 2
    settings.saveSteps = saveSteps
    return settings
  }

  func recipe(
    base: RecipeBase = .preset(name: "tiny", tokenizer: .bytes(vocabularySize: 300)), settings: TrainingSettings,
    rounds: [(name: String, train: URL)], valid: [URL?] = [], allowLeaks: [String] = []
  ) -> Recipe {
    Recipe(
      outputDirectory: output, seed: 7, device: nil, base: base, method: .full, precision: .fp32,
      allowLeaks: allowLeaks, defaults: settings,
      rounds: rounds.enumerated().map { index, round in
        ResolvedRound(
          name: round.name, train: RowFiles(round.train),
          valid: valid.indices.contains(index) ? valid[index].map { RowFiles($0) } : nil,
          settings: settings)
      })
  }

  @discardableResult
  func run(
    _ recipe: Recipe, on executor: any Executor, resuming: Bool = false, accepting: [String] = [],
    step: @escaping (MetricsLine) -> Void = { _ in }, note: @escaping (String) -> Void = { _ in }
  ) throws -> (summary: RunSummary, notes: [String]) {
    let notes = Notes()
    let observer = RunObserver(
      note: {
        notes.lines.append($0)
        note($0)
      }, step: { line, _ in step(line) })
    let run = try CompoundingRun(recipe, executor: executor, observer: observer)
    let summary = try run.run(resuming: resuming, accepting: accepting)
    return (summary, notes.lines)
  }

  private final class Notes {
    var lines: [String] = []
  }

  // MARK: - What a run left

  func metrics() throws -> [MetricsLine] {
    var lines: [MetricsLine] = []
    try MetricsFile.read(in: output) { lines.append($0) }
    return lines
  }

  func record(_ round: String) throws -> RoundFile {
    try #require(try RoundFile.read(in: rounds.appending(path: round)))
  }

  /// The plan of a recipe that has run here, which is within a tenth of the bytes that its first round allocated.
  func checkedPlan(_ recipe: Recipe, on executor: any Executor) throws -> MemoryPlan {
    let plan = try MemoryPlan(
      RunShape(recipe, recipe.baseConfiguration(), types: [:]), device: MemoryPlan.Device(of: executor))
    let record = try record("01-" + recipe.rounds[0].name)
    #expect(abs(Double(plan.bytes.total) / Double(record.peakBytes) - 1) < 0.1)
    return plan
  }

  func weights(_ round: String) throws -> Data {
    try Data(contentsOf: rounds.appending(path: round + "/model.safetensors"))
  }

  /// Target of the link `final`.
  func final() throws -> String {
    try FileManager.default.destinationOfSymbolicLink(atPath: rounds.appending(path: "final").path)
  }

  /// All files below a folder of the run, by their paths in it, links not followed.
  func files(_ folder: String = "") throws -> Set<String> {
    let found = try FileManager.default.subpathsOfDirectory(atPath: output.appending(path: folder).path)
    return Set(found)
  }
}
