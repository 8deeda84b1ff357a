import Foundation
import TestSupport
import Testing

import Trainer

@Suite("The recipes of the repository")
struct RecipesTests {
  private static let folder = TestData.packageRoot.appending(path: "recipes")

  /// Every recipes/*.yaml, by its file's name.
  static let names =
    ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).filter { $0.hasSuffix(".yaml") }
    .sorted()

  private static func load(_ name: String) throws -> Recipe {
    try Recipe.load(folder.appending(path: name))
  }

  @Test("they are found: without them the tests below would prove nothing")
  func found() {
    #expect(Set(Self.names).isSuperset(of: ["demo.yaml", "tiny.yaml"]))
  }

  @Test("each loads, and writes into a folder of runs that bears its own name", arguments: names)
  func loads(_ name: String) throws {
    let recipe = try Self.load(name)
    let runs = TestData.packageRoot.appending(path: "runs").standardizedFileURL
    #expect(recipe.outputDirectory.deletingLastPathComponent().path == runs.path)
    #expect(recipe.outputDirectory.lastPathComponent + ".yaml" == name)
  }

  @Test("each names files of the repository, or what Scripts/fetch_demo.sh and prepare_demo.py bring", arguments: names)
  func files(_ name: String) throws {
    let recipe = try Self.load(name)
    let root = TestData.packageRoot.standardizedFileURL.path
    if case .model(let model) = recipe.base {
      #expect(model.path == root + "/models/SmolLM2-135M-Instruct.Q4_1.gguf")
    }
    for file in recipe.rounds.flatMap({ [$0.train] + ($0.valid.map { [$0] } ?? []) }) {
      let isFetched = file.path.hasPrefix(root + "/data/demo/")
      #expect(isFetched || FileManager.default.fileExists(atPath: file.path), "\(name): \(file.path)")
    }
  }

  @Test("sequential.yaml is demo.yaml without the union, and in nothing else another")
  func sequential() throws {
    let (compounding, sequential) = (try Self.load("demo.yaml"), try Self.load("sequential.yaml"))
    #expect(sequential.rounds.allSatisfy { $0.settings.union.replayFraction == 0 })
    #expect(sequential.base == compounding.base)
    #expect(sequential.seed == compounding.seed)
    #expect(sequential.rounds.map(\.train) == compounding.rounds.map(\.train))
    for (ours, theirs) in zip(sequential.rounds, compounding.rounds) {
      var settings = ours.settings
      settings.union = theirs.settings.union
      #expect(settings == theirs.settings)
    }
  }
}
