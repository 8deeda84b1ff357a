import Foundation

/// Reads a folder that has `vocab.json` and `merges.txt` instead of a `tokenizer.json`: what lies around the merges is
/// decided by the class of the tokenizer, as in transformers.
struct MergedVocabulary {
  static let vocabularyName = "vocab.json"
  static let mergesName = "merges.txt"

  /// A class of tokenizers: its steps, and the tokens with a role where no file names them.
  private struct Class: Sendable {
    var name: String
    /// Models whose configuration names no class, by their `model_type`.
    var modelTypes: [String]
    var normalizer: JSON = .null
    /// The pre-tokenizer, with or without a space before a text.
    var preTokenizer: @Sendable (_ addsPrefixSpace: Bool) -> JSON = {
      ["type": "ByteLevel", "add_prefix_space": .bool($0)]
    }
    var roles: [(role: String, spelling: String)]
  }

  private static let classes = [
    Class(
      name: "GPT2Tokenizer", modelTypes: ["gpt2", "gpt_bigcode"],
      roles: [("bos_token", endOfText), ("eos_token", endOfText), ("unk_token", endOfText)]),
    Class(
      name: "Qwen2Tokenizer", modelTypes: ["qwen2", "qwen2_moe", "qwen3", "qwen3_moe"], normalizer: ["type": "NFC"],
      preTokenizer: { addsPrefixSpace in
        let split: JSON = [
          "type": "Split", "pattern": ["Regex": .string(SplitPattern.llama3(""))], "behavior": "Isolated",
          "invert": false,
        ]
        let bytes: JSON = ["type": "ByteLevel", "add_prefix_space": .bool(addsPrefixSpace), "use_regex": false]
        return ["type": "Sequence", "pretokenizers": [split, bytes]]
      }, roles: [("eos_token", endOfText), ("pad_token", endOfText), ("unk_token", endOfText)]),
    Class(
      name: "GPTNeoXTokenizer", modelTypes: ["gpt_neox", "olmo"], normalizer: ["type": "NFC"],
      roles: [
        ("bos_token", endOfText), ("eos_token", endOfText), ("unk_token", endOfText), ("pad_token", "<|padding|>"),
      ]),
    Class(
      name: "CodeGenTokenizer", modelTypes: ["codegen", "phi"],
      roles: [("bos_token", endOfText), ("eos_token", endOfText), ("unk_token", endOfText)]),
  ]

  private static let endOfText = "<|endoftext|>"

  private let file: TokenizerFile
  private let settings: TokenizerSettings

  /// True where a folder has both files.
  static func exists(in folder: URL) -> Bool {
    [vocabularyName, mergesName].allSatisfy { TokenizerFolder.exists(folder.appending(path: $0)) }
  }

  /// Reads the files of a folder.
  ///
  /// - Parameter configurations: the folder's own, where they have been read; nil: they are read here.
  init(_ folder: URL, configurations: FolderConfigurations? = nil) throws(TokenizerError) {
    let said = try TokenizerSettings(folder, configurations: configurations)
    let kind = try Self.class(of: said)
    // A role that is null in a file is none; one that no file names is the class's own.
    settings = said.filling(kind.roles.filter { said.member($0.role) == nil }.map { ($0.role, .string($0.spelling)) })
    let url = folder.appending(path: Self.vocabularyName)
    let vocabulary = try JSON(tokenizerFile: try FileBytes.contents(of: url), path: url.path)
    let added = try Self.addedTokens(settings, vocabulary: vocabulary)
    let document: JSON = [
      "added_tokens": .array(added.map(SubwordTokenizer.entry)), "normalizer": kind.normalizer,
      "pre_tokenizer": kind.preTokenizer(said.flag("add_prefix_space") ?? false), "decoder": ["type": "ByteLevel"],
      "model": ["type": "BPE", "vocab": vocabulary, "merges": .array(try Self.merges(folder))],
    ]
    file = try TokenizerFile(document, path: url.path)
  }

  /// The tokenizer that the files describe.
  func tokenizer() -> SubwordTokenizer {
    SubwordTokenizer(
      file.model, special: SpecialTokenRoles(file: file, settings: settings).special,
      chatTemplate: settings.chatTemplate, source: .model)
  }

  private static func `class`(of settings: TokenizerSettings) throws(TokenizerError) -> Class {
    let named = settings.text("tokenizer_class").map { $0.hasSuffix("Fast") ? String($0.dropLast(4)) : $0 }
    let found = classes.first { kind in
      named.map { $0 == kind.name } ?? settings.modelType.map(kind.modelTypes.contains) ?? false
    }
    if let found { return found }
    throw .unsupported(
      path: settings.folder, place: "tokenizer_class",
      feature: "\(vocabularyName) and \(mergesName) of \(named ?? "an unnamed class")",
      remedy: "save the tokenizer as tokenizer.json, or name one of "
        + classes.map(\.name).joined(separator: ", ") + " in tokenizer_config.json")
  }

  /// The tokens that the files add, and those with a role, which get the ids behind all others where they have none.
  private static func addedTokens(
    _ settings: TokenizerSettings, vocabulary: JSON
  ) throws(TokenizerError) -> [AddedToken] {
    let members = vocabulary.object?.members ?? []
    var tokens = try settings.addedTokens(beyond: members.count)
    var next = (members.compactMap(\.value.tokenID) + tokens.map(\.id)).max().map { Int($0) + 1 } ?? 0
    for role in ["bos_token", "eos_token", "unk_token", "pad_token"] {
      guard let spelling = settings.spelling(of: role),
        !tokens.contains(where: { PieceKey($0.content) == PieceKey(spelling) })
      else { continue }
      let known = vocabulary[spelling]?.tokenID
      tokens.append(AddedToken(id: known ?? Int32(clamping: next), content: spelling, isSpecial: true))
      if known == nil { next += 1 }
    }
    return tokens
  }

  /// "a b" in order of rank.
  private static func merges(_ folder: URL) throws(TokenizerError) -> [JSON] {
    let url = folder.appending(path: mergesName)
    let content = try FileBytes.contents(of: url)
    guard let text = String(validating: content, as: UTF8.self) else {
      throw .malformed(path: url.path, place: "byte 0", problem: "it is not UTF-8")
    }
    var merges: [JSON] = []
    for (index, line) in text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
      let line = String(Substring(line.last == 0x0D ? line.dropLast() : line))
      if line.isEmpty || line.hasPrefix("#version") { continue }
      guard MergeReader.halves(of: line) != nil else {
        throw .malformed(
          path: url.path, place: "line \(index + 1)", problem: "\(line.debugDescription) is not \"a b\"")
      }
      merges.append(.string(line))
    }
    return merges
  }
}
