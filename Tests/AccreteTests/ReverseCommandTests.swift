import Foundation
import Testing

extension CommandTests {
  /// `--reverse` and `--rerank`, with a model that was trained forwards: the tests check order, not quality.
  @Suite("Commands on reversed text")
  struct ReverseCommandTests {
    private func run(_ command: String, _ more: String...) throws -> CommandOutcome {
      try AccreteProcess.run(
        [command, "--model", TrainedModel.folder().path, "--json", "--device", "cpu"] + more)
    }

    @Test("score --reverse reads the text from its end; a marker is given, not scored")
    func score() throws {
      let plain = try run("score", "--text", "cba").json()
      let reversed = try run("score", "--text", "abc", "--reverse").json()
      let ids = try #require(reversed["ids"] as? [Int])
      #expect(ids == plain["ids"] as? [Int])
      #expect(ids.suffix(3) == [99, 98, 97])
      let words = try run("score", "--text", "ab cd", "--reverse", "--reverse-unit", "word").json()
      #expect((words["ids"] as? [Int])?.suffix(5) == [99, 100, 32, 97, 98])

      let marked = try run("score", "--text", "abc", "--reverse", "--marker", "<").json()
      let logprobs = try #require(marked["token_logprobs"] as? [Any])
      #expect((marked["ids"] as? [Int])?.suffix(4) == [60, 99, 98, 97])
      #expect(logprobs.count == ids.count)
      let scored = logprobs.compactMap { $0 as? Double }
      #expect(scored.count == 3)
      let loss = try #require(marked["loss"] as? Double)
      #expect(abs(loss + scored.reduce(0, +) / 3) < 1e-9)
    }

    @Test("generate --reverse turns round what the model wrote after the reversed prompt")
    func generate() throws {
      let forward = try run("generate", "--prompt", "cba", "--max-tokens", "6").json()
      let reversed = try run("generate", "--prompt", "abc", "--reverse", "--max-tokens", "6").json()
      let ids = try #require(reversed["ids"] as? [Int])
      #expect(!ids.isEmpty && ids == (forward["ids"] as? [Int])?.reversed())
    }

    @Test("the best of several answers is printed, and each is what its seed draws alone")
    func rerank() throws {
      let model = try TrainedModel.folder().path
      let drawing = ["--prompt", "one 1:", "--max-tokens", "6", "--temperature", "1.5"]
      func draw(_ more: [String]) throws -> [String: Any] {
        try AccreteProcess.run(
          ["generate", "--model", model, "--json", "--device", "cpu"] + drawing + more
        ).json()
      }
      let json = try draw(["--seed", "5", "--samples", "4", "--rerank", model, "--rerank-marker", "<"])
      #expect(Set(json.keys) == ["ids", "text", "candidates"])
      let candidates = try #require(json["candidates"] as? [[String: Any]])
      let scores = candidates.compactMap { $0["score"] as? Double }
      #expect(scores.count == 4 && scores == scores.sorted(by: >))
      #expect(Set(candidates.compactMap { $0["seed"] as? Int }) == [5, 6, 7, 8])
      #expect(candidates[0]["ids"] as? [Int] == json["ids"] as? [Int])
      #expect(candidates[0]["text"] as? String == json["text"] as? String)
      let seed = try #require(candidates[3]["seed"] as? Int)
      #expect(try draw(["--seed", "\(seed)"])["ids"] as? [Int] == candidates[3]["ids"] as? [Int])
    }

    @Test(
      "options that do not go together are refused before anything is read",
      arguments: [
        ["--ids", "1,2", "--reverse"], ["--prompt", "a", "--marker", "<"], ["--prompt", "a", "--samples", "3"],
        ["--prompt", "a", "--samples", "3", "--rerank", "m"], ["--prompt", "a", "--rerank-unit", "word"],
        ["--prompt", "a", "--samples", "3", "--rerank", "m", "--temperature", "1", "--reverse"],
        ["--prompt", "a", "--samples", "1", "--rerank", "m", "--temperature", "1"],
      ])
    func refused(_ arguments: [String]) throws {
      let outcome = try AccreteProcess.run(["generate", "--model", "nowhere"] + arguments)
      #expect(outcome.code == 64, "\(outcome.errors)")
    }
  }
}
