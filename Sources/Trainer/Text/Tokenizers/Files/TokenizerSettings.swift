import Foundation

/// What stands beside a tokenizer's vocabulary: the configurations of the tokenizer, of generation and of the model.
struct TokenizerSettings {
  /// The first of several templates that Hugging Face takes for a chat.
  private static let defaultTemplate = "default"

  let chatTemplate: String?
  /// Where the files stand, for messages.
  let folder: String
  /// The content of `added_tokens.json`: ids by spelling.
  let addedTokens: TokenizerJSON?
  private let tokenizer: TokenizerJSON
  private let specialTokens: TokenizerJSON
  private let generation: TokenizerJSON?
  private let model: TokenizerJSON

  /// Settings that say nothing.
  init() {
    chatTemplate = nil
    folder = ""
    addedTokens = nil
    tokenizer = .object([])
    specialTokens = .object([])
    generation = nil
    model = .object([])
  }

  init(_ folder: URL) throws(TokenizerError) {
    tokenizer = try Self.json(folder, "tokenizer_config.json") ?? .object([])
    specialTokens = try Self.json(folder, "special_tokens_map.json") ?? .object([])
    generation = try Self.json(folder, "generation_config.json")
    model = try Self.json(folder, "config.json") ?? .object([])
    addedTokens = try Self.json(folder, "added_tokens.json")
    self.folder = folder.path
    let template = folder.appending(path: "chat_template.jinja")
    if TokenizerFolder.exists(template) {
      chatTemplate = String(decoding: try FileBytes.contents(of: template), as: UTF8.self)
    } else {
      chatTemplate = Self.template(tokenizer["chat_template"])
    }
  }

  private static func json(_ folder: URL, _ name: String) throws(TokenizerError) -> TokenizerJSON? {
    let url = folder.appending(path: name)
    guard TokenizerFolder.exists(url) else { return nil }
    let json = try TokenizerJSONParser.parse(Array(try FileBytes.contents(of: url)), path: url.path)
    guard json.members != nil else { throw .malformed(path: url.path, place: "byte 0", problem: "no object") }
    return json
  }

  /// One template, or the one called "default" of a list of `{"name", "template"}`.
  private static func template(_ value: TokenizerJSON?) -> String? {
    if let text = value?.text { return text }
    let named = value?.elements?.first { $0["name"]?.text == defaultTemplate }
    return named?["template"]?.text
  }

  /// The spelling of a role's token (`bos_token` and the like).
  func spelling(of role: String) -> String? {
    for source in [tokenizer, specialTokens] {
      if let text = source[role]?.text ?? source[role]?["content"]?.text { return text }
    }
    return nil
  }

  /// A switch of the tokenizer's configuration; nil where it is silent.
  func flag(_ name: String) -> Bool? { tokenizer[name]?.flag }

  /// A text of the tokenizer's configuration.
  func text(_ name: String) -> String? { tokenizer[name]?.text }

  /// A value of the tokenizer's configuration, or else of the map of special tokens.
  func member(_ name: String) -> TokenizerJSON? { tokenizer[name] ?? specialTokens[name] }

  /// The ids of a role (`bos_token_id` and the like), from the generation's configuration where there is one,
  /// else from the model's.
  func ids(of role: String) -> [Int32] {
    for source in [generation, model] {
      guard let value = source?[role], !value.isNull else { continue }
      return value.tokenID.map { [$0] } ?? (value.elements ?? []).compactMap(\.tokenID)
    }
    return []
  }
}
