import Foundation
import TestSupport
import Testing

extension CommandTests {
  @Suite("rounds")
  struct RoundsCommandTests {
    @Test("rounds RUN lists what train left, for people and as JSON; rounds list is the same")
    func list() throws {
      let (fixture, _) = try TrainedModel.outcome.get()
      let outcome = try AccreteProcess.run(["rounds", fixture.output.path, "--json"])
      #expect(outcome.code == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
      let json = try outcome.json()
      #expect(
        Set(json.keys) == [
          "run", "branch_of", "datasets", "rounds", "backward_transfer", "forward_transfer", "forgetting",
          "final_mean_loss", "branches",
        ])
      #expect(json["run"] as? String == fixture.output.path && json["branch_of"] is NSNull)
      let rounds = try #require(json["rounds"] as? [[String: Any]])
      #expect(rounds.map { $0["name"] as? String } == ["base", "one", "two"])
      #expect(rounds.map { $0["steps"] as? Int } == [0, 4, 4])
      for round in rounds {
        #expect(
          Set(round.keys) == [
            "round", "name", "folder", "parent", "steps", "final_loss", "loss", "mean_loss", "metrics", "tokens",
            "seconds", "device", "refused",
          ])
        #expect(round["refused"] as? Bool == false && (round["loss"] as? [Double])?.count == 2)
      }
      #expect((rounds[2]["tokens"] as? Int ?? 0) > 0 && rounds[2]["parent"] as? String == "01-one")
      let text = try AccreteProcess.run(["rounds", fixture.output.path, "--device", "cpu"])
      #expect(text.code == 0 && text.errors.isEmpty)
      for words in ["loss one", "loss two", "01-one", "final mean loss", "backward transfer"] {
        #expect(text.output.contains(words), "\(words) is not in: \(text.output)")
      }
      #expect(try AccreteProcess.run(["rounds", "list", fixture.output.path]).output == text.output)
    }

    @Test("rounds diff names the keys and gives the cells that differ")
    func diff() throws {
      let (fixture, _) = try TrainedModel.outcome.get()
      let other = try CommandFixture()
      #expect(try other.train("max_steps=2", "--device", "cpu").code == 0)
      let command = ["rounds", "diff", fixture.output.path, other.output.path]
      let json = try AccreteProcess.run(command + ["--json"]).json()
      #expect(
        Set(json.keys) == ["runs", "recipe", "datasets", "rows", "loss", "metrics", "figures", "seconds", "tokens"])
      let changes = try #require(json["recipe"] as? [[String: Any]])
      let steps = try #require(changes.first { $0["key"] as? String == "max_steps" })
      #expect(steps["before"] as? String == "4" && steps["after"] as? String == "2")
      // The data of each fixture are in its own folder.
      let keys = Set(changes.compactMap { $0["key"] as? String })
      #expect(
        keys == ["max_steps", "rounds.0.train", "rounds.0.valid", "rounds.1.train", "rounds.1.valid"])
      let loss = try #require(json["loss"] as? [[Double]])
      // M0 is the same model; half of the steps teach less.
      #expect(loss.map(\.count) == [2, 2, 2] && loss[0] == [0, 0] && loss[1][0] > 0)
      let figures = try #require(json["figures"] as? [String: [String: [String: Any]]])
      #expect(Set(figures["loss"]?["final_mean"]?.keys ?? [:].keys) == ["first", "second", "difference"])
      let text = try AccreteProcess.run(command)
      #expect(text.code == 0 && text.errors.isEmpty, "\(text.errors)")
      for words in ["max_steps", "loss, second less first", "M2 two", "loss final mean", "tokens"] {
        #expect(text.output.contains(words), "\(words) is not in: \(text.output)")
      }
      let same = try AccreteProcess.run(["rounds", "diff", fixture.output.path, fixture.output.path])
      #expect(same.output.contains("the recipes are the same"))
    }

    @Test("a folder that is no run exits 66, a damaged file 65, each in one line with nothing on stdout")
    func faults() throws {
      let fixture = try CommandFixture()
      func expect(_ arguments: [String], _ code: Int32, _ words: String) throws {
        let outcome = try AccreteProcess.run(["rounds"] + arguments)
        #expect(outcome.code == code && outcome.errorLines.count == 1 && outcome.output.isEmpty, "\(outcome.errors)")
        #expect(outcome.errors.contains(words), "\(words) is not in: \(outcome.errors)")
      }
      try expect([fixture.file("none").path], 66, "none")
      try expect(["diff", fixture.output.path, fixture.folder.path], 66, "run")
      try expect([], 64, "--help")
      try expect(["diff", fixture.output.path], 64, "--help")
      try FileManager.default.createDirectory(
        at: fixture.output.appending(path: "rounds"), withIntermediateDirectories: true)
      try fixture.write("output_dir: run\n", "run/recipe.yaml")
      try fixture.write("{\"datasets\": 1}", "run/transfer.json")
      try expect([fixture.output.path, "--json"], 65, "transfer.json")
    }
  }
}
