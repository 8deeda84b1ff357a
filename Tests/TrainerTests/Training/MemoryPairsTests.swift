import Foundation
import GPUTensor
import TestSupport
import Testing
import Trainer

/// Every pair of the keys that save memory: together in a run, or refused by name.
@Suite("Pairs of memory keys")
struct MemoryPairsTests {
  /// Settings, by key.
  private typealias Settings = [String: String]

  /// Two values of two keys.
  private struct Pair: Hashable, CustomStringConvertible {
    let settings: Settings

    init(_ first: (String, String), _ second: (String, String)) {
      settings = [first.0: first.1, second.0: second.1]
    }

    func isIn(_ all: Settings) -> Bool { settings.allSatisfy { all[$0.key] == $0.value } }

    var description: String { settings.map { "\($0.key)=\($0.value)" }.sorted().joined(separator: " ") }
  }

  /// The keys, and their values.
  private static let keys: [(name: String, values: [String])] = [
    ("recompute", ["elementwise", "attention", "block"]),
    ("optim", ["adamw", "adamw_bf16", "adamw_8bit"]),
    ("optimizer_in_bwd", ["false", "true"]),
    ("offload_base", ["false", "true"]),
    ("base.dtype", ["fp32", "bf16", "int8", "nf4", "gguf"]),
    (
      "method",
      ["{type: full}"] + ["merge", "continue", "stack"].map { "{type: lora, rank: 4, between_rounds: \($0)}" }
    ),
  ]

  /// Every choice of values, in a fixed order.
  private static let all = keys.reduce([Settings()]) { choices, key in
    choices.flatMap { choice in key.values.map { choice.merging([key.name: $0]) { $1 } } }
  }

  private static let pairs: [Pair] = keys.indices.flatMap { first in
    keys.indices.dropFirst(first + 1).flatMap { second in
      keys[first].values.flatMap { one in
        keys[second].values.map { Pair((keys[first].name, one), (keys[second].name, $0)) }
      }
    }
  }

  /// The fixture's recipe with some settings.
  private static func recipe(_ settings: Settings, _ file: URL) throws(RecipeError) -> Recipe {
    try Recipe.load(
      file, overrides: ["max_steps=2", "max_grad_norm=0"] + settings.map { "\($0)=\($1)" }.sorted())
  }

  private static func write(_ fixture: RunFixture) throws -> URL {
    let base = fixture.folder.appending(path: "base.gguf")
    try GGUFWriter.write(openModel(at: FrozenBaseTests.folder()), as: .q8_0, vocabulary: nil, to: base)
    let file = fixture.folder.appending(path: "recipe.yaml")
    try Data(FrozenBaseTests.recipe(fixture, base, .fp32).yaml.utf8).write(to: file)
    return file
  }

  /// Few of the choices that a recipe may make, which have every pair in them that any of those has.
  private static func cover(_ allowed: [Settings]) -> [Settings] {
    var missing = pairs.filter { pair in allowed.contains(where: pair.isIn) }
    var cover: [Settings] = []
    while !missing.isEmpty {
      let counts = allowed.map { choice in missing.count { $0.isIn(choice) } }
      guard let most = counts.max(), let best = counts.firstIndex(of: most) else { break }
      cover.append(allowed[best])
      missing.removeAll { $0.isIn(allowed[best]) }
    }
    return cover
  }

  @Test("each pair trains on a device as on the fallback, or no recipe with it is taken", .onOpenCL)
  func pairs() throws {
    let fixture = try RunFixture()
    let file = try Self.write(fixture)
    let allowed = Self.all.filter { (try? Self.recipe($0, file)) != nil }
    let refused = Self.pairs.filter { pair in !allowed.contains(where: pair.isIn) }
    #expect(Set(refused) == Self.refusals, "\(refused)")
    for choice in Self.cover(allowed) {
      let losses = try TrainerExecutors.all.map { executor in
        try? FileManager.default.removeItem(at: fixture.output)
        try fixture.run(try Self.recipe(choice, file), on: executor.make())
        return try fixture.metrics().map { $0.loss ?? .nan }
      }
      #expect(losses.allSatisfy { $0.count == 4 }, "\(choice)")
      #expect(largestDifference(losses[0], losses[1]) < 1e-3, "\(choice): \(losses)")
    }
  }

  /// Pairs that README excludes: only a frozen base is in fewer bits or in host memory, nothing is merged into
  /// it there, and it is sent again as whole blocks.
  private static let refusals: Set<Pair> = {
    let notFrozen = ["{type: full}", "{type: lora, rank: 4, between_rounds: merge}"]
    let frozen = notFrozen.flatMap { method in
      ["bf16", "int8", "nf4", "gguf"].map { Pair(("base.dtype", $0), ("method", method)) }
        + [Pair(("offload_base", "true"), ("method", method))]
    }
    return Set(frozen + ["elementwise", "attention"].map { Pair(("recompute", $0), ("offload_base", "true")) })
  }()
}
