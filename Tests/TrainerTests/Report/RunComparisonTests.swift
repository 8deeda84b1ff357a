import Foundation
import Testing
import Trainer

@Suite("Two runs beside each other")
struct RunComparisonTests {
  private func compare(_ first: RecordedRun, _ second: RecordedRun) throws -> RunComparison {
    try RunComparison(RunListing(first.folder), RunListing(second.folder))
  }

  @Test("a run differs in nothing from itself; where it lies is no difference")
  func same() throws {
    let (first, second) = (try RecordedRun(), try RecordedRun(recipe: "output_dir: b\nmax_steps: 4\n"))
    let comparison = try compare(first, second)
    #expect(comparison.recipe.isEmpty)
    #expect(comparison.rows == ["M0", "M1 one", "M2 two"])
    #expect(comparison.loss == [[0, 0], [0, 0], [0, 0]])
    #expect(comparison.metrics == ["token_f1": [[0, nil], [0, nil], [0, nil]]])
    #expect(comparison.figures["loss"]?["final_mean"] == .init(first: 2.25, second: 2.25))
    #expect(comparison.seconds.difference == 0 && comparison.tokens.difference == 0)
  }

  @Test("differences are the second's less the first's, of the datasets that both have, by name; by hand")
  func byHand() throws {
    let first = try RecordedRun()
    let second = try RecordedRun(recipe: "output_dir: b\nmax_steps: 8\nseed: 1\n")
    // Another order, a dataset that the first does not have, and one round more.
    try second.write(
      #"{"datasets": ["two", "three", "one"], "loss": [[6, 1, 5.5], [3, 1, 4], [2, 1, 2.25], [1, 1, 1]], "#
        + #""metrics": {"token_f1": [[null, null, 0.5]], "chrf": [[1, 1, 1]]}, "#
        + #""figures": {"token_f1": {"final_mean": 0.75}}, "backward_transfer": 1, "final_mean_loss": 1}"#,
      "transfer.json")
    try second.write(
      #"{"round": 3, "name": "one", "seconds": 10, "datasets": [{"name": "one", "tokens_seen": 5}]}"#,
      "rounds/03-one/round.json")
    let comparison = try compare(first, second)
    #expect(
      comparison.recipe == [
        RecipeChange(key: "max_steps", before: "4", after: "8"), RecipeChange(key: "seed", before: nil, after: "1"),
      ])
    #expect(comparison.datasets == ["one", "two"])
    #expect(comparison.rows == ["M0", "M1 one | two", "M2 two | three"])
    #expect(comparison.loss == [[0.5, 0], [2, -1], [-0.25, 0]])
    #expect(comparison.metrics == ["token_f1": [[0.5, nil]]])
    #expect(comparison.figures["token_f1"]?["final_mean"] == .init(first: 0.5, second: 0.75))
    #expect(comparison.figures["token_f1"]?["forgetting"] == .init(first: nil, second: nil))
    let loss = try #require(comparison.figures["loss"])
    #expect(Set(loss.keys) == ["final_mean", "backward_transfer", "forward_transfer", "forgetting"])
    #expect(loss["final_mean"] == .init(first: 2.25, second: 1))
    #expect(loss["backward_transfer"] == .init(first: -0.5, second: 1) && loss["backward_transfer"]?.difference == 1.5)
    #expect(comparison.seconds == .init(first: 6.5, second: 16.5))
    #expect(comparison.tokens.difference == 5)
  }

  @Test("runs without a dataset in common, or without a matrix, still compare their recipes")
  func apart() throws {
    let (first, second) = (try RecordedRun(), try RecordedRun(recipe: "output_dir: b\n"))
    try second.write(#"{"datasets": ["x"], "loss": [[1]], "final_mean_loss": 1}"#, "transfer.json")
    let comparison = try compare(first, second)
    #expect(comparison.datasets.isEmpty && comparison.loss == [[]])
    #expect(comparison.recipe == [RecipeChange(key: "max_steps", before: "4", after: nil)])
    #expect(comparison.figures["loss"]?["final_mean"]?.difference == 1 - 2.25)
    try FileManager.default.removeItem(at: second.folder.appending(path: "transfer.json"))
    #expect(try compare(first, second).figures.isEmpty && compare(first, second).loss.isEmpty)
  }

  @Test("a recipe that cannot be read is named by its path")
  func damaged() throws {
    let (first, second) = (try RecordedRun(), try RecordedRun())
    try second.write("max_steps: {", "recipe.yaml")
    do {
      _ = try compare(first, second)
      Issue.record("it was compared")
    } catch let error as RecipeError {
      #expect(error.place.hasPrefix(second.folder.path + "/recipe.yaml:") && error.exitCode == 65, "\(error)")
    }
  }
}
