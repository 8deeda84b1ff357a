import Foundation
import TestSupport

/// A temporary folder with a small recipe, its data, and files that a test adds; removed with the fixture.
final class CommandFixture: Sendable {
  let folder: URL
  var recipe: URL { file("recipe.yaml") }
  var output: URL { file("run") }
  var metrics: URL { file("run/metrics.jsonl") }

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "accrete-\(UUID().uuidString)").standardizedFileURL
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try write(Self.recipeText(), "recipe.yaml")
    for word in ["one", "two"] {
      try write(Self.rows(word, 0..<20), word + ".jsonl")
      try write(Self.rows(word, 20..<26), word + "-valid.jsonl")
    }
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func file(_ path: String) -> URL { folder.appending(path: path) }

  @discardableResult
  func write(_ text: String, _ path: String) throws -> URL {
    try Data(text.utf8).write(to: file(path))
    return file(path)
  }

  /// Copies a file or folder into the fixture.
  func copy(_ source: URL, as name: String) throws -> URL {
    try FileManager.default.copyItem(at: source, to: file(name))
    return file(name)
  }

  /// Copies the first bytes, a share of the file, into the fixture.
  func truncate(_ source: URL, to share: Double, as path: String) throws -> URL {
    let bytes = try Data(contentsOf: source)
    try bytes.prefix(Int(Double(bytes.count) * share)).write(to: file(path))
    return file(path)
  }

  /// The 256 bytes and three special tokens: the smallest vocabulary of a byte-level tokenizer.
  static let vocabularySize = 259

  /// A recipe of two rounds of a few steps, from random weights.
  static func recipeText(steps: Int = 4, vocabularySize: Int = vocabularySize) -> String {
    """
    output_dir: run
    seed: 3
    base: {preset: tiny, tokenizer: {vocab_size: \(vocabularySize)}}
    sequence_length: 48
    per_device_train_batch_size: 2
    max_steps: \(steps)
    learning_rate: 3.0e-3
    warmup_steps: 2
    save_steps: 20
    rounds:
      - {name: one, train: one.jsonl, valid: one-valid.jsonl}
      - {name: two, train: two.jsonl, valid: two-valid.jsonl}

    """
  }

  /// One row for each number; no two rows share the same words.
  static func rows(_ word: String, _ numbers: Range<Int>) -> String {
    numbers.map { number in
      #"{"prompt": "\#(word) \#(number):", "response": " \#(word)\#(String(repeating: "!", count: number % 5))"}"#
        + "\n"
    }.joined()
  }

  /// Trains the recipe.
  ///
  /// - Parameters:
  ///   - signal: sent once, as soon as `when` holds and stderr holds `words`.
  ///   - words: the text that stderr must hold before the signal is sent.
  func train(
    _ more: String..., environment: [String: String] = [:], fileLimit: Int? = nil, ignored: String? = nil,
    signal: Int32? = nil, after words: String = "", when: () -> Bool = { true }
  ) throws -> CommandOutcome {
    try AccreteProcess.run(
      ["train", recipe.path] + more, environment: environment, fileLimit: fileLimit, ignored: ignored, signal: signal
    ) { _, errors in
      let isSaid = words.isEmpty || ((try? String(contentsOf: errors, encoding: .utf8)) ?? "").contains(words)
      return isSaid && when()
    }
  }

  /// Optimiser steps in metrics.jsonl so far.
  var stepCount: Int {
    ((try? Data(contentsOf: metrics)) ?? Data()).count { $0 == UInt8(ascii: "\n") }
  }

  /// The content of every file below a folder, or of a single file, by path.
  static func contents(_ url: URL) throws -> [String: Data] {
    var isFolder = ObjCBool(false)
    guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder), isFolder.boolValue else {
      return ["": try Data(contentsOf: url)]
    }
    var contents: [String: Data] = [:]
    for path in try FileManager.default.subpathsOfDirectory(atPath: url.path) {
      let file = url.appending(path: path)
      if (try? file.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile) == true {
        contents[path] = try Data(contentsOf: file)
      }
    }
    return contents
  }
}

/// A trained model with a tokenizer, made once for all suites. A static is never released: `atexit` removes its folder.
enum TrainedModel {
  static let outcome: Result<(fixture: CommandFixture, train: CommandOutcome), any Error> = Result {
    let fixture = try CommandFixture()
    atexit {
      guard let made = try? TrainedModel.outcome.get() else { return }
      try? FileManager.default.removeItem(at: made.fixture.folder)
    }
    return (fixture, try fixture.train("--device", "cpu", "--json"))
  }

  /// The last round's folder.
  static func folder() throws -> URL { try outcome.get().fixture.file("run/rounds/final") }
}
