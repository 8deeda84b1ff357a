import Foundation

import Trainer

/// A recipe in a folder of its own, which is removed with the fixture.
final class RecipeFixture {
  let folder: URL
  var file: URL { folder.appending(path: "recipe.yaml") }

  static let minimal = """
    output_dir: runs/demo
    base: {model: models/small}
    rounds:
      - {name: first, train: a.jsonl}
      - {name: second, train: b.jsonl, valid: /data/b.jsonl}
    """

  init(_ yaml: String = RecipeFixture.minimal) throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "recipe-\(UUID().uuidString)").standardizedFileURL
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try Data(yaml.utf8).write(to: file)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func load(_ overrides: String...) throws -> Recipe { try Recipe.load(file, overrides: overrides) }

  /// The error that loading ends in, or nil.
  func error(_ overrides: String...) -> RecipeError? {
    do {
      _ = try Recipe.load(file, overrides: overrides)
      return nil
    } catch {
      return error
    }
  }
}
