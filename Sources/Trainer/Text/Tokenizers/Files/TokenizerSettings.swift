import Foundation

/// The files beside a tokenizer's vocabulary: the configurations of the tokenizer, of generation and of the model.
struct TokenizerSettings {
  /// The first of several templates that Hugging Face takes for a chat.
  private static let defaultTemplate = "default"

  /// The template of a dialogue, in Jinja; nil where no file has one.
  let chatTemplate: String?
  /// Path of the folder that holds the files, for messages.
  let folder: String
  /// The content of `added_tokens.json`: ids by spelling.
  let addedTokens: JSONObject?
  private let tokenizer: JSONObject
  private let specialTokens: JSONObject
  private let configurations: FolderConfigurations

  /// Settings that say nothing.
  init() {
    chatTemplate = nil
    folder = ""
    addedTokens = nil
    tokenizer = JSONObject()
    specialTokens = JSONObject()
    configurations = FolderConfigurations()
  }

  /// Reads the files of a folder.
  ///
  /// - Parameter configurations: the folder's own, where they have been read; nil: they are read here.
  init(_ folder: URL, configurations: FolderConfigurations? = nil) throws(TokenizerError) {
    tokenizer = try Self.object(folder, "tokenizer_config.json") ?? JSONObject()
    specialTokens = try Self.object(folder, "special_tokens_map.json") ?? JSONObject()
    if let configurations {
      self.configurations = configurations
    } else {
      self.configurations = FolderConfigurations(
        model: try Self.object(folder, FolderConfigurations.modelName),
        generation: try Self.object(folder, FolderConfigurations.generationName))
    }
    addedTokens = try Self.object(folder, "added_tokens.json")
    self.folder = folder.path
    let template = folder.appending(path: "chat_template.jinja")
    if TokenizerFolder.exists(template) {
      chatTemplate = String(decoding: try FileBytes.contents(of: template), as: UTF8.self)
    } else {
      chatTemplate = Self.template(tokenizer["chat_template"])
    }
  }

  private static func object(_ folder: URL, _ name: String) throws(TokenizerError) -> JSONObject? {
    let url = folder.appending(path: name)
    guard TokenizerFolder.exists(url) else { return nil }
    let json = try JSON(tokenizerFile: try FileBytes.contents(of: url), path: url.path)
    guard let object = json.object else { throw .malformed(path: url.path, place: "byte 0", problem: "no object") }
    return object
  }

  private init(_ other: TokenizerSettings, tokenizer: JSONObject) {
    (chatTemplate, folder, addedTokens) = (other.chatTemplate, other.folder, other.addedTokens)
    (specialTokens, configurations) = (other.specialTokens, other.configurations)
    self.tokenizer = tokenizer
  }

  /// These settings, with some members of the tokenizer's configuration that it lacks.
  func filling(_ members: [(String, JSON)]) -> TokenizerSettings {
    TokenizerSettings(self, tokenizer: JSONObject(tokenizer.members.map { ($0.key, $0.value) } + members))
  }

  /// One template, or the one called "default" of a list of `{"name", "template"}`.
  private static func template(_ value: JSON?) -> String? {
    if let text = value?.string { return text }
    let named = value?.array?.first { $0["name"]?.string == defaultTemplate }
    return named?["template"]?.string
  }

  /// The spelling of a role's token (`bos_token` and the like).
  func spelling(of role: String) -> String? {
    for source in [tokenizer, specialTokens] {
      if let text = source[role]?.string ?? source[role]?["content"]?.string { return text }
    }
    return nil
  }

  /// A switch of the tokenizer's configuration; nil where it is silent.
  func flag(_ name: String) -> Bool? { tokenizer[name]?.bool }

  /// A text of the tokenizer's configuration.
  func text(_ name: String) -> String? { tokenizer[name]?.string }

  /// A value of the tokenizer's configuration, or else of the map of special tokens.
  func member(_ name: String) -> JSON? { tokenizer[name] ?? specialTokens[name] }

  /// The model's `model_type`.
  var modelType: String? { configurations.model?["model_type"]?.string }

  /// The ids of a role (`bos_token_id` and the like), from the generation's configuration where there is one,
  /// else from the model's.
  func ids(of role: String) -> [Int32] {
    for source in [configurations.generation, configurations.model] {
      guard let value = source?[role], !value.isNull else { continue }
      return value.tokenID.map { [$0] } ?? (value.array ?? []).compactMap(\.tokenID)
    }
    return []
  }
}

/// The configurations in a model's folder from which both the model and its tokenizer take something; each is nil where
/// the folder has no such file.
package struct FolderConfigurations: Sendable, Equatable {
  /// Name of the model's configuration.
  static let modelName = "config.json"
  /// Name of the configuration of generation.
  static let generationName = "generation_config.json"

  /// The members of `config.json`.
  var model: JSONObject?
  /// The members of `generation_config.json`.
  var generation: JSONObject?
}
