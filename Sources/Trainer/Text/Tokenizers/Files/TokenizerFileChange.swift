import Foundation

/// Changes to the files of a Hugging Face folder's tokenizer: control tokens, the chat template, the token that ends a
/// text. All else in the files stays as it is.
struct TokenizerFileChange {
  /// Tokens that are new, or become control tokens.
  let tokens: [AddedToken]
  /// nil: the template stays.
  let chatTemplate: String?
  /// Spelling of the token that ends a text; nil: it stays.
  let eos: String?

  /// The changed file; nil for one that gives way to the change.
  func apply(to file: TokenizerOrigin.File) -> TokenizerOrigin.File? {
    if ["chat_template.jinja", "chat_template.json"].contains(file.name) { return chatTemplate == nil ? file : nil }
    guard let change = changes[file.name],
      let object = try? JSON(tokenizerFile: file.content, path: file.name).object
    else { return file }
    return .init(name: file.name, content: JSONWriter.data(.object(change(object)), .lines))
  }

  private var changes: [String: (JSONObject) -> JSONObject] {
    [
      "tokenizer.json": withTokens,
      "added_tokens.json": { object in
        tokens.reduce(object) { $0.replacing($1.content, .integer($1.id)) }
      },
      "special_tokens_map.json": withEnd,
      "tokenizer_config.json": withDecoder,
    ]
  }

  private func withTokens(_ object: JSONObject) -> JSONObject {
    let ids = Set(tokens.map { Int($0.id) })
    var entries: [JSON] = []
    for entry in object["added_tokens"]?.array ?? [] {
      if let id = entry["id"]?.integer, ids.contains(id) { continue }
      entries.append(entry)
    }
    for token in tokens { entries.append(SubwordTokenizer.entry(token)) }
    return object.replacing("added_tokens", .array(entries))
  }

  private func withEnd(_ object: JSONObject) -> JSONObject {
    guard let eos else { return object }
    return object.replacing("eos_token", .string(eos))
  }

  private func withDecoder(_ object: JSONObject) -> JSONObject {
    var object = withEnd(object)
    if let chatTemplate { object = object.replacing("chat_template", .string(chatTemplate)) }
    guard var decoder = object["added_tokens_decoder"]?.object else { return object }
    for token in tokens {
      var entry: [(String, JSON)] = []
      for member in SubwordTokenizer.entry(token).object?.members ?? [] where member.key != "id" {
        entry.append((member.key, member.value))
      }
      decoder = decoder.replacing("\(token.id)", .object(JSONObject(entry)))
    }
    return object.replacing("added_tokens_decoder", .object(decoder))
  }
}

extension TokenizerOrigin {
  /// The files with a change; without a tokenizer.json, which alone holds new tokens in full, they are made anew.
  func changed(_ change: TokenizerFileChange) -> TokenizerOrigin {
    guard case .files(let files) = self, files.contains(where: { $0.name == "tokenizer.json" }) else { return .model }
    return .files(files.compactMap(change.apply))
  }
}

extension JSONObject {
  /// The object with another value for a key, which keeps its place, or comes last where it is new.
  fileprivate func replacing(_ key: String, _ value: JSON) -> JSONObject {
    var object = JSONObject()
    for member in members { _ = object.insert(member.key == key ? value : member.value, for: member.key) }
    _ = object.insert(value, for: key)
    return object
  }
}
