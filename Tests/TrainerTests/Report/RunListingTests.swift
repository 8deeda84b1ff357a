import Foundation
import Testing
import Trainer

@Suite("What a run's folder records")
struct RunListingTests {
  @Test("rounds are listed by number, what was refused after what took its place; names, losses and sums by hand")
  func rounds() throws {
    let fixture = try RecordedRun()
    let run = try RunListing(fixture.folder)
    #expect(run.datasets == ["one", "two"])
    #expect(run.rounds.map(\.summary.folder) == ["00-base", "01-one", "02-two", "02-two.refused"])
    #expect(run.rounds.map(\.summary.isRefused) == [false, false, false, true])
    #expect(run.rounds.map(\.tokens) == [0, 100, 260, 300])
    #expect(run.rounds[1].loss == [2, 4] && run.rounds[1].meanLoss == 3)
    // The refused round's own losses, not those of the round that took its place.
    #expect(run.rounds[2].loss == [2.5, 2] && run.rounds[3].loss == [6, 1])
    #expect(run.rounds[2].metrics == ["token_f1": [0.5, nil]] && run.rounds[3].metrics.isEmpty)
    #expect(run.transfer?.loss.figures.backwardTransfer == -0.5)
    #expect(run.branches == [.init(name: "hot", fromRound: 1), .init(name: "old", fromRound: nil)])
    #expect(run.origin == nil)
    let branch = try RunListing(fixture.folder.appending(path: "branches/hot"))
    #expect(branch.origin?.parentRun == "../.." && branch.origin?.fromRound == 1 && branch.rounds.isEmpty)
  }

  @Test("a run of the first release, one under way, and one without transfer.json are read as far as they go")
  func old() throws {
    let fixture = try RecordedRun()
    for path in ["rounds/02-two/round.json", "rounds/02-two.refused/round.json", "branches/hot/recipe.yaml"] {
      try FileManager.default.removeItem(at: fixture.folder.appending(path: path))
    }
    try fixture.write(#"{"round": 1, "name": "one"}"#, "rounds/01-one/round.json")
    try fixture.write(#"{"datasets": ["one", "two"], "loss": [[5, null], [2, null]]}"#, "transfer.json")
    let run = try RunListing(fixture.folder)
    #expect(run.rounds.map(\.summary.name) == ["base", "one"])
    #expect(run.rounds[1].loss == [2, nil] && run.rounds[1].meanLoss == 2)
    #expect(run.branches.map(\.name) == ["old"])
    try FileManager.default.removeItem(at: fixture.folder.appending(path: "transfer.json"))
    let bare = try RunListing(fixture.folder)
    #expect(bare.datasets == ["one"] && bare.rounds.map(\.loss) == [[5, 6], []] && bare.transfer == nil)
  }

  @Test("a folder without a run is not found; a damaged file is named with the key that is wrong")
  func faults() throws {
    let fixture = try RecordedRun()
    func error(_ folder: URL) -> FileError? {
      do throws(FileError) {
        _ = try RunListing(folder)
        return nil
      } catch {
        return error
      }
    }
    let absent = try #require(error(fixture.folder.appending(path: "rounds")))
    #expect(absent.kind == .notFound && absent.remedy.contains("output_dir"))
    try fixture.write(#"{"datasets": ["one"], "loss": [["a"]]}"#, "transfer.json")
    let wrong = try #require(error(fixture.folder))
    #expect(wrong.kind == .invalid && wrong.path.hasSuffix("transfer.json") && wrong.byteOffset == 32, "\(wrong)")
    try FileManager.default.removeItem(at: fixture.folder.appending(path: "transfer.json"))
    try fixture.write(#"{"name": "one"}"#, "rounds/01-one/round.json")
    #expect(error(fixture.folder)?.description.contains("01-one/round.json: the key \"round\"") == true)
    try FileManager.default.removeItem(at: fixture.folder.appending(path: "rounds/01-one"))
    try fixture.write(#"{"parent_run": "../.."}"#, "branches/hot/branch.json")
    #expect(error(fixture.folder)?.description.contains("branches/hot/branch.json") == true)
  }
}

/// A run's folder, written by hand: two rounds, of which the second was refused once; it goes when this goes.
final class RecordedRun {
  let folder: URL

  init(recipe: String = "output_dir: a\nmax_steps: 4\n") throws {
    folder =
      FileManager.default.temporaryDirectory.appending(path: "recorded-\(UUID().uuidString)")
      .standardizedFileURL
    try write(recipe, "recipe.yaml")
    try write(
      #"{"datasets": ["one", "two"], "loss": [[5, 6], [2, 4], [2.5, 2]], "#
        + #""metrics": {"token_f1": [[0, null], [0.75, null], [0.5, null]]}, "#
        + #""figures": {"token_f1": {"final_mean": 0.5, "forgetting": null}}, "backward_transfer": -0.5, "#
        + #""final_mean_loss": 2.25}"#,
      "transfer.json")
    try record("00-base", #""round": 0, "name": "base", "steps": 0, "loss": [5, 6], "seconds": 9, "datasets": []"#)
    try record(
      "01-one",
      #""round": 1, "name": "one", "parent": "00-base", "steps": 4, "loss": [2, 4], "seconds": 1.5, "final_loss": 1.5, "#
        + #""device": "cpu", "datasets": [{"name": "one", "tokens_seen": 100}], "a_later_key": {"x": 1}"#)
    try record(
      "02-two.refused",
      #""round": 2, "name": "two", "parent": "01-one", "steps": 4, "loss": [6, 1], "seconds": 2, "final_loss": 0.25, "#
        + #""datasets": [{"name": "one", "tokens_seen": 100}, {"name": "two", "tokens_seen": 200}]"#)
    try record(
      "02-two",
      #""round": 2, "name": "two", "parent": "01-one", "steps": 4, "loss": [2.5, 2], "seconds": 3, "final_loss": 1.25, "#
        + #""datasets": [{"name": "one", "tokens_seen": 60}, {"name": "two", "tokens_seen": 200}]"#)
    try FileManager.default.createSymbolicLink(
      atPath: folder.appending(path: "rounds/final").path, withDestinationPath: "02-two")
    try write(recipe, "branches/hot/recipe.yaml")
    try write(#"{"parent_run": "../..", "from_round": 1}"#, "branches/hot/branch.json")
    try write("", "branches/hot/metrics.jsonl")
    try write(recipe, "branches/old/recipe.yaml")
    try write("a note", "branches/notes/read.txt")
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func write(_ text: String, _ path: String) throws {
    let file = folder.appending(path: path)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file)
  }

  private func record(_ round: String, _ keys: String) throws {
    try write("{\(keys)}", "rounds/\(round)/round.json")
  }
}
