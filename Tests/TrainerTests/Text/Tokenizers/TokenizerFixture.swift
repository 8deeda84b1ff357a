import Foundation

import Trainer

/// Small vocabularies, spelled out.
enum TokenizerFixture {
  /// A byte-level `tokenizer.json`: 256 bytes, "he" 256, "ll" 257, "hell" 258, "hello" 259, "Ġhello" 260 and
  /// the special token `<|end|>` 261.
  static func byteLevel(
    added: String = "", normalizer: String = "null", postProcessor: String = "null",
    preTokenizer: String = #"{"type":"ByteLevel","add_prefix_space":false,"use_regex":true}"#,
    model: String = ""
  ) -> String {
    let bytes = (UInt8.min...UInt8.max).map { ByteAlphabet.piece(of: [$0]) }
    let pieces = bytes + ["he", "ll", "hell", "hello", "Ġhello"]
    let vocabulary = text(.object(JSONObject(pieces.enumerated().map { ($1, .integer($0)) })))
    return """
      {"version":"1.0","added_tokens":[{"id":261,"content":"<|end|>","single_word":false,"lstrip":false,\
      "rstrip":false,"normalized":false,"special":true}\(added)],"normalizer":\(normalizer),
      "pre_tokenizer":\(preTokenizer),"post_processor":\(postProcessor),"decoder":{"type":"ByteLevel"},
      "model":{"type":"BPE","dropout":null,\(model)"vocab":\(vocabulary),
      "merges":["h e","l l",["he","ll"],"hell o","Ġ hello"]}}
      """
  }

  /// A scored vocabulary as SentencePiece makes them: "▁" 259, "a" 260, "b" 261, "ab" 262, "▁ab" 263, "▁▁" 264.
  static var scored: VocabularyDescription {
    let bytes = (UInt8.min...UInt8.max).map(ByteToken.piece)
    let tokens = ["<unk>", "<s>", "</s>"] + bytes + ["▁", "a", "b", "ab", "▁ab", "▁▁"]
    return VocabularyDescription(
      model: "llama", tokens: tokens, scores: tokens.indices.map { $0 < 259 ? 0 : -Float($0) },
      types: [2, 3, 3] + bytes.map { _ in 6 } + [1, 1, 1, 1, 1, 1], bosTokenID: 1, eosTokenID: 2, unknownTokenID: 0)
  }

  /// Runs a body with the path of a folder that holds these files, and removes it afterwards.
  static func withFolder<Result>(_ files: [String: String], _ body: (URL) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appending(path: "tokenizer-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for (name, content) in files { try Data(content.utf8).write(to: folder.appending(path: name)) }
    return try body(folder)
  }

  /// A document as it is written.
  static func text(_ json: JSON) -> String { String(decoding: JSONWriter.data(json, .lines), as: UTF8.self) }

  /// The tokenizer of a folder that holds these files.
  static func load(_ files: [String: String]) throws -> SubwordTokenizer {
    try withFolder(files) { try loadTokenizer(folder: $0) }
  }

  /// The tokenizer of a lone `tokenizer.json`.
  static func load(_ document: String) throws -> SubwordTokenizer { try load(["tokenizer.json": document]) }
}
