import Foundation
import Testing

import Trainer

@Suite("Rows held out by a share")
struct DatasetSplitTests {
  private func training(_ share: Double, of count: Int, seed: UInt64 = 1) -> Set<Int> {
    let split = DatasetSplit(share: share, seed: seed)
    return Set((0..<count).filter { split.trains($0, of: count) })
  }

  @Test(
    "the count is the share rounded, and at least one on each side",
    arguments: [
      (0.95, 100, 95), (0.95, 20, 19), (0.95, 10, 9), (0.95, 9, 8), (0.95, 2, 1), (0.5, 3, 2), (0.5, 5, 3),
      (0.01, 2, 1),
      (0.01, 100, 1), (0.001, 100, 1), (0.999, 100, 99), (0.7, 1000, 700),
    ])
  func counts(_ share: Double, _ count: Int, _ expected: Int) {
    #expect(training(share, of: count).count == expected)
    #expect(DatasetSplit(share: share, seed: 1).trainingCount(of: count) == expected)
  }

  @Test("the same seed gives the same rows, in this version and the next; another seed others")
  func stable() {
    #expect(training(0.7, of: 10, seed: 7) == [0, 3, 4, 5, 6, 7, 8])
    #expect(training(0.5, of: 1000, seed: 1) == training(0.5, of: 1000, seed: 1))
    let shared = training(0.5, of: 1000, seed: 1).intersection(training(0.5, of: 1000, seed: 2)).count
    #expect((200...300).contains(shared), "\(shared) of 500 rows are the same")
  }

  @Test("a smaller share trains on rows that a larger one trains on too")
  func nested() {
    #expect(training(0.6, of: 500).isSubset(of: training(0.9, of: 500)))
  }

  @Test("both parts of a file together are its rows, none twice, in every format")
  func parts() throws {
    let split = DatasetSplit(share: 0.8, seed: 3)
    let texts = (0..<50).map { "row \($0)" }
    let lines = texts.map { "{\"text\": \"\($0)\"}" }
    for (name, content) in [
      ("a.jsonl", lines.joined(separator: "\n\n")), ("a.json", "[" + lines.joined(separator: ",\n") + "]"),
      ("a.csv", "text\n" + texts.joined(separator: "\n")),
    ] {
      let fixture = try DatasetFixture(content, name: name)
      let parts = try (fixture.texts(part: .training(split)), fixture.texts(part: .heldOut(split)))
      #expect(parts.0.count == 40 && parts.1.count == 10)
      #expect(Set(parts.0).isDisjoint(with: parts.1) && Set(parts.0 + parts.1) == Set(texts))
      // Each part keeps the file's order.
      #expect(parts.0 == texts.filter(Set(parts.0).contains))
      #expect(try fixture.load(part: .heldOut(split)).statistics.rows == 10)
    }
  }

  @Test("one row, or a document, cannot be split; nothing at all is still called empty")
  func tooFew() throws {
    for part in [DatasetPart.training(DatasetSplit(share: 0.5, seed: 0)), .heldOut(DatasetSplit(share: 0.5, seed: 0))] {
      #expect(try DatasetFixture("{\"text\": \"ab\"}").error(part: part)?.message.contains("one row") == true)
      #expect(try DatasetFixture("ab", name: "a.txt").error(part: part)?.message.contains("one row") == true)
      #expect(try DatasetFixture("").error(part: part)?.message.contains("is empty") == true)
    }
  }
}
