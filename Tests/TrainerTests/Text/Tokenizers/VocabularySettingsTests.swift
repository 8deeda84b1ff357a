import Foundation
import TestSupport
import Testing

import Trainer

@Suite("What stands beside a tokenizer.model")
struct VocabularySettingsTests {
  static let folders = [
    "added-alone", "chat", "ends", "legacy", "legacy-unsaid", "no-prefix", "other-class", "other-class-legacy",
  ]

  private struct Golden: Decodable {
    struct Case: Decodable {
      let text: String
      let ids: [Int32]
    }

    let files: [String: String]
    let bos: Int32
    let eos: Int32
    let pad: Int32?
    let size: Int
    let template: String?
    let around: [Int32]
    let cases: [Case]
  }

  private static func goldens() throws -> [String: Golden] {
    try JSONDecoder().decode([String: Golden].self, from: Data(contentsOf: TestData.golden("tokenizers/settings.json")))
  }

  private static func withFolder<Result>(_ files: [String: String], _ body: (URL) throws -> Result) throws -> Result {
    try TokenizerFixture.withFolder(files) { folder in
      try FileManager.default.copyItem(
        at: TestData.golden("tokenizers/bpe-identity-bytes.model"), to: folder.appending(path: "tokenizer.model"))
      return try body(folder)
    }
  }

  @Test("is obeyed as transformers obeys it", arguments: folders)
  func transformers(_ name: String) throws {
    let golden = try #require(Self.goldens()[name])
    let tokenizer = try Self.withFolder(golden.files) { try loadTokenizer(folder: $0) }
    #expect(tokenizer.special.bos == golden.bos && tokenizer.special.eos == [golden.eos])
    #expect(tokenizer.special.pad == golden.pad)
    #expect(tokenizer.vocabularySize == golden.size && tokenizer.chatTemplate == golden.template)
    #expect(tokenizer.encodeWithSpecialTokens("the dog") == golden.around)
    #expect(golden.cases.count > 50)
    for entry in golden.cases {
      #expect(tokenizer.encode(entry.text) == entry.ids, "\(entry.text.debugDescription)")
    }
  }

  @Test("is in what is saved, which gives the same ids", arguments: folders)
  func saved(_ name: String) throws {
    let golden = try #require(Self.goldens()[name])
    let tokenizer = try Self.withFolder(golden.files) { try loadTokenizer(folder: $0) }
    let again = try TokenizerFixture.withFolder([:]) { folder in
      try writeTokenizer(tokenizer, to: folder)
      return try loadTokenizer(folder: folder)
    }
    #expect(again.special == tokenizer.special && again.chatTemplate == tokenizer.chatTemplate)
    for entry in golden.cases { #expect(again.encode(entry.text) == entry.ids, "\(entry.text.debugDescription)") }
    let exported = try vocabularyDescription(of: tokenizer)
    #expect(exported.tokens.count == golden.size && exported.scores?.count == golden.size)
  }

  @Test("tokens without an id, or with one far away, are named")
  func broken() throws {
    for (name, content, words) in [
      ("tokenizer_config.json", #"{"added_tokens_decoder": {"x": {"content": "a"}}}"#, "added_tokens_decoder"),
      ("tokenizer_config.json", #"{"added_tokens_decoder": {"600": {"content": ""}}}"#, "added_tokens_decoder"),
      ("added_tokens.json", #"{"<x>": -1}"#, "added_tokens.json"),
      ("added_tokens.json", #"{"<x>": 99999999}"#, "99999999"),
    ] {
      let error = #expect(throws: TokenizerError.self) {
        try Self.withFolder([name: content]) { try loadTokenizer(folder: $0) }
      }
      #expect("\(error as Any)".contains(words))
    }
  }

  @Test(
    "the published models of Llama 2 and Mistral get a chat model's four ids",
    .enabled(if: TestData.isPresent, Comment(rawValue: TestData.absence)),
    arguments: [("llama2-spm", [32001, 1792, 7251, 32000]), ("mistral", [32001, 1838, 12014, 32000])])
  func published(_ name: String, _ ids: [Int32]) throws {
    let files = [
      "tokenizer_config.json": #"{"tokenizer_class": "LlamaTokenizer", "legacy": false, "eos_token": "<|im_end|>"}"#,
      "added_tokens.json": #"{"<|im_end|>": 32000, "<|im_start|>": 32001}"#,
    ]
    try TokenizerFixture.withFolder(files) { folder in
      try FileManager.default.copyItem(
        at: TestData.url("tokenizers/\(name)/tokenizer.model"), to: folder.appending(path: "tokenizer.model"))
      let tokenizer = try loadTokenizer(folder: folder)
      #expect(tokenizer.encode("<|im_start|>user hi<|im_end|>") == ids)
      #expect(tokenizer.special.eos == [32000])
    }
  }
}
