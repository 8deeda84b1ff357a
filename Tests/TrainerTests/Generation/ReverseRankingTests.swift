import Testing
import Trainer

@Suite("Re-ranking by a reverse model")
struct ReverseRankingTests {
  private static func ranking(_ answers: [String], prompt: String = "pq") throws -> ReverseRanking {
    let text = try ReverseText(tokenizer: ByteTokenizer(vocabularySize: 259), unit: .token, marker: "<")
    return ReverseRanking(text, prompt: prompt, answers: answers)
  }

  @Test("the mean over the prompt's tokens decides, however long the answers are")
  func mean() throws {
    let ranking = try Self.ranking(["a", "bbbbbb", "c"])
    #expect(ranking.samples.map(\.targetCount) == [2, 2, 2])
    func losses(_ sample: Int, _ total: Float) -> [Float] {
      [Float](repeating: 0, count: ranking.samples[sample].length - 1) + [total]
    }
    let ranked = ranking.ranked([losses(0, 3), losses(1, 1), losses(2, 2)])
    #expect(ranked.map(\.index) == [1, 2, 0])
    #expect(ranked.map(\.score) == [-0.5, -1, -1.5])
  }

  @Test("of equal scores the first drawn comes first; an answer without one comes last")
  func ties() throws {
    let ranking = try Self.ranking(["a", "b", "c"])
    let losses = zip(ranking.samples, [Float.nan, 4, 4]).map { sample, loss in
      [Float](repeating: 0, count: sample.length - 1) + [loss]
    }
    let ranked = ranking.ranked(losses)
    #expect(ranked.map(\.index) == [1, 2, 0])
    #expect(ranked.last?.score == nil)
    #expect(try Self.ranking(["a", "b"], prompt: "").ranked([[0], [0]]).allSatisfy { $0.score == nil })
  }
}
