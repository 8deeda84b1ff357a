import Foundation
import TestSupport
import Testing

import Trainer

@Suite struct TokenizerLearningTests {
  private static let rows = """
    {"prompt": "the question", "response": "the answer"}
    {"messages": [{"role": "user", "content": "the question"}, {"role": "assistant", "content": "the answer"}]}
    {"input_ids": [1, 2], "labels": [1, 2]}

    """

  private static func learn(
    _ files: [String: String], size: Int = 270, special: [String] = LearnedTokenizer.defaultSpecial
  ) throws -> LearnedTokenizer {
    try TokenizerFixture.withFolder(files) { folder in
      try LearnedTokenizer(
        files.keys.sorted().map { .init(files: RowFiles(folder.appending(path: $0))) }, vocabularySize: size,
        special: special)
    }
  }

  @Test func bytesThenSpecialTokensThenWhatWasLearned() throws {
    let learned = try Self.learn(["a.jsonl": Self.rows])
    let tokenizer = learned.tokenizer
    #expect(tokenizer.vocabularySize == 270 && learned.mergeCount == 11 && !learned.endedEarly)
    #expect(tokenizer.special == SpecialTokens(bos: 256, eos: [257], pad: 258))
    #expect((0..<256).allSatisfy { tokenizer.bytes(of: Int32($0)) == [UInt8($0)] })
    let ids = tokenizer.encode("the answer<|eos|>é")
    #expect(ids.contains(257) && ids.contains { $0 > 258 })
    #expect(tokenizer.decode(ids, skipSpecial: false) == "the answer<|eos|>é")
  }

  @Test func everyTextOfARowCountsAndAFileOnce() throws {
    let learned = try Self.learn(["a.jsonl": Self.rows, "b.txt": "xyxyxy"])
    #expect(learned.tokenizer.model.pieces.contains("xy"))
    try TokenizerFixture.withFolder(["a.txt": "ab"]) { folder in
      let file = folder.appending(path: "a.txt")
      let learned = try LearnedTokenizer(
        [.init(files: RowFiles(file)), .init(files: RowFiles(file))], vocabularySize: 300)
      #expect(learned.mergeCount == 0 && learned.endedEarly)
    }
  }

  @Test func whatIsSavedGivesTheSameIDs() throws {
    let tokenizer = try Self.learn(["a.jsonl": Self.rows]).tokenizer
    try TokenizerFixture.withFolder([:]) { folder in
      try writeTokenizer(tokenizer, to: folder)
      let again = try loadTokenizer(folder: folder)
      for text in ["the question", " answers 12 äöü\n<|pad|>"] {
        #expect(again.encode(text) == tokenizer.encode(text))
      }
      #expect(again.special == tokenizer.special)
    }
  }

  @Test func theHashIsOfTheContent() throws {
    let first = try Self.learn(["a.jsonl": Self.rows]).tokenizer.contentHash
    #expect(try Self.learn(["other.jsonl": Self.rows]).tokenizer.contentHash == first)
    #expect(try Self.learn(["a.jsonl": Self.rows, "b.txt": "xyxyxy xyxyxy"]).tokenizer.contentHash != first)
  }

  @Test func refusesWhatCannotBe() {
    let wrong: [(Int, [String], String)] = [
      (258, LearnedTokenizer.defaultSpecial, "259"), (300, ["<a>", "<a>"], "<a>"), (300, [""], "\"\""),
      (300, ["a"], "spells a byte"), (256, ["<a>"], "257"),
    ]
    for (size, special, name) in wrong {
      #expect {
        try Self.learn(["a.txt": "text"], size: size, special: special)
      } throws: {
        "\($0)".contains(name)
      }
    }
  }
}
