import Foundation
import TestSupport
import Testing

import Trainer

@Suite("vocab.json and merges.txt")
struct MergedVocabularyTests {
  static let folders = [
    "codegen", "gpt-neox", "gpt2", "gpt2-map", "gpt2-prefix", "qwen2", "qwen2-added", "qwen2-unnamed",
  ]

  private struct Golden: Decodable {
    struct Case: Decodable {
      let text: String
      let ids: [Int32]
    }

    let files: [String: String]
    let bos: Int32?
    let eos: Int32
    let pad: Int32?
    let unk: Int32?
    let size: Int
    let template: String?
    let around: [Int32]
    let cases: [Case]
  }

  /// The two files of the vocabulary in patterns/models.json.
  private static func vocabulary() throws -> [String: String] {
    let file = TestData.golden("tokenizers/patterns/models.json")
    let model = try JSON(tokenizerFile: try Data(contentsOf: file), path: file.path)["base"]?["model"]
    let merges = (model?["merges"]?.array ?? []).compactMap(\.string)
    return [
      "vocab.json": TokenizerFixture.text(model?["vocab"] ?? .null),
      "merges.txt": "#version: 0.2\n" + merges.joined(separator: "\n") + "\n",
    ]
  }

  @Test("are read as the tokenizer's class says, as transformers does", arguments: folders)
  func transformers(_ name: String) throws {
    let data = try Data(contentsOf: TestData.golden("tokenizers/merged.json"))
    let golden = try #require(JSONDecoder().decode([String: Golden].self, from: data)[name])
    let tokenizer = try TokenizerFixture.load(Self.vocabulary().merging(golden.files) { $1 })
    #expect(tokenizer.special.bos == golden.bos && tokenizer.special.eos == [golden.eos])
    #expect(tokenizer.special.pad == golden.pad && tokenizer.special.unk == golden.unk)
    #expect(tokenizer.vocabularySize == golden.size && tokenizer.chatTemplate == golden.template)
    #expect(tokenizer.encodeWithSpecialTokens("the dog") == golden.around)
    let again = try TokenizerFixture.withFolder([:]) { folder in
      try writeTokenizer(tokenizer, to: folder)
      return try loadTokenizer(folder: folder)
    }
    for entry in golden.cases {
      #expect(tokenizer.encode(entry.text) == entry.ids, "\(entry.text.debugDescription)")
      #expect(again.encode(entry.text) == entry.ids, "written: \(entry.text.debugDescription)")
    }
  }

  @Test("of another class, or broken, are refused by name")
  func refused() throws {
    let files = try Self.vocabulary()
    func message(_ changes: [String: String]) -> String {
      do {
        _ = try TokenizerFixture.load(files.merging(changes) { $1 })
        return "loaded"
      } catch {
        return "\(error)"
      }
    }
    let named = #"{"tokenizer_class":"GPT2Tokenizer"}"#
    #expect(message([:]).contains("an unnamed class"))
    #expect(message(["tokenizer_config.json": #"{"tokenizer_class":"BlenderbotTokenizer"}"#]).contains("BlenderbotTok"))
    #expect(message(["tokenizer_config.json": named]) == "loaded")
    #expect(
      message(["tokenizer_config.json": named, "merges.txt": "a b\nabc\n"]).contains(
        "merges.txt is malformed at line 2"))
    #expect(message(["tokenizer_config.json": named, "vocab.json": "[]"]).contains("vocab.json"))
  }
}
