import TestSupport
import Testing

import Trainer

@Suite struct ScoredVocabularyTests {
  /// Joins, as the definition has it, the two neighbours whose joined piece scores highest; the leftmost of equals.
  private static func greedy(_ text: String, pieces: [String], scores: [Float]) -> [String] {
    var symbols = text.map(String.init)
    while true {
      var best: (index: Int, score: Float)?
      for index in symbols.indices.dropLast() {
        guard let id = pieces.firstIndex(of: symbols[index] + symbols[index + 1]) else { continue }
        if best == nil || scores[id] > best?.score ?? 0 { best = (index, scores[id]) }
      }
      guard let best else { return symbols }
      symbols[best.index] += symbols.remove(at: best.index + 1)
    }
  }

  @Test func equalsTheGreedyDefinition() {
    var generator = SeededGenerator(seed: 17)
    for _ in 0..<60 {
      var pieces = ["a", "b", "c"]
      // Each piece can be reached: it joins two that exist.
      for _ in 0..<12 {
        let joined = (pieces.randomElement(using: &generator) ?? "") + (pieces.randomElement(using: &generator) ?? "")
        if !pieces.contains(joined) { pieces.append(joined) }
      }
      let scores = pieces.indices.map { -Float($0) }.shuffled(using: &generator)
      var table = PairTable()
      for (rank, merge) in ScoredVocabulary.merges(pieces: pieces, scores: scores, takesPart: { _ in true })
        .enumerated()
      { table.insert(merge.left, merge.right, .init(rank: Int32(rank), id: merge.result)) }
      let text = String((0..<40).map { _ in "abc".randomElement(using: &generator) ?? "a" })
      let symbols = text.map { Int32(pieces.firstIndex(of: String($0)) ?? 0) }
      let merged = BytePairMerger(table).merged(symbols).map { pieces[Int($0)] }
      #expect(merged == Self.greedy(text, pieces: pieces, scores: scores))
    }
  }

  @Test func equalScoresGrowARunFromItsLeft() {
    let pieces = ["▁", "▁▁", "▁▁▁", "▁▁▁▁"]
    let merges = ScoredVocabulary.merges(pieces: pieces, scores: [0, -1, -1, -1]) { _ in true }
    #expect(merges.first == .init(left: 2, right: 0, result: 3))
    #expect(merges.last == .init(left: 0, right: 0, result: 1))
  }

  @Test func controlsTakeNoPart() {
    let merges = ScoredVocabulary.merges(pieces: ["a", "b", "ab"], scores: [0, 0, 0]) { $0 != 2 }
    #expect(merges.isEmpty)
  }
}
