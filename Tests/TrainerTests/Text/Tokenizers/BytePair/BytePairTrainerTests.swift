import Foundation
import TestSupport
import Testing

import Trainer

@Suite struct BytePairTrainerTests {
  private struct Golden: Decodable {
    struct Run: Decodable {
      var symbols: Int
      var least: Int
      var merges: [String]
    }

    var texts: [String]
    var runs: [Run]
  }

  private static func trainer(_ texts: [String]) -> BytePairTrainer {
    var trainer = BytePairTrainer()
    for text in texts { trainer.add(text) }
    return trainer
  }

  private static func merges(_ result: BytePairTrainer.Result) -> [String] {
    result.merges.map { merge in
      [merge.left, merge.right].map { ByteAlphabet.piece(of: result.pieces[Int($0)]) }.joined(separator: " ")
    }
  }

  @Test func learnsTheReferencesMerges() throws {
    let data = try Data(contentsOf: TestData.golden("tokenizers/trained.json"))
    let golden = try JSONDecoder().decode(Golden.self, from: data)
    #expect(golden.runs.count >= 5)
    for run in golden.runs {
      let result = Self.trainer(golden.texts).learn(symbolCount: run.symbols, leastCount: run.least)
      #expect(Self.merges(result) == run.merges, "\(run.symbols) symbols, \(run.least) times")
      #expect(result.endedEarly == (run.symbols > result.pieces.count))
    }
  }

  @Test func theOrderOfTextsChangesNothing() {
    let texts = ["the cat", "a cat, the hat", "that bat"]
    let first = Self.trainer(texts).learn(symbolCount: 280, leastCount: 2)
    let second = Self.trainer(texts.reversed()).learn(symbolCount: 280, leastCount: 2)
    #expect(first.merges == second.merges && !first.merges.isEmpty)
  }

  @Test func overlapsCountAsTheyMerge() {
    // "aaa" holds the pair (a, a) twice, but only one can be joined.
    let result = Self.trainer(["aaa aaa"]).learn(symbolCount: 300, leastCount: 2)
    #expect(Self.merges(result).first == "a a")
    #expect(result.endedEarly)
  }

  @Test func aForbiddenSpellingIsNeverLearned() {
    let free = Self.trainer(["abab abab"]).learn(symbolCount: 300, leastCount: 2)
    let bound = Self.trainer(["abab abab"]).learn(symbolCount: 300, leastCount: 2, forbidden: ["abab"])
    #expect(free.pieces.contains(Array("abab".utf8)))
    #expect(!bound.pieces.contains(Array("abab".utf8)) && bound.pieces.contains(Array("ab".utf8)))
  }

  @Test func nothingToLearnFrom() {
    let result = Self.trainer([]).learn(symbolCount: 300, leastCount: 2)
    #expect(result.merges.isEmpty && result.endedEarly && result.pieces.count == 256)
    #expect(!Self.trainer(["ab ab"]).learn(symbolCount: 256, leastCount: 1).endedEarly)
  }
}
