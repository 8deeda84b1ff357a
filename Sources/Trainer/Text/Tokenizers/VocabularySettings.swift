extension VocabularyDescription {
  /// Takes over what the files beside a vocabulary say of it, as transformers does: added tokens, roles, what goes around
  /// a text, where spaces are put before one, and the chat template.
  ///
  /// - Throws: `TokenizerError`, where an added token has no id or no text, or an id far beyond the vocabulary.
  mutating func apply(_ settings: TokenizerSettings) throws(TokenizerError) {
    for token in try settings.addedTokens(beyond: tokens.count) { add(token) }
    for (role, id) in [
      ("bos_token", \VocabularyDescription.bosTokenID), ("eos_token", \.eosTokenID), ("pad_token", \.padTokenID),
      ("unk_token", \.unknownTokenID),
    ] {
      guard let spelling = settings.spelling(of: role), let found = self.id(of: spelling) else { continue }
      self[keyPath: id] = found
    }
    addBOS = settings.flag("add_bos_token") ?? addBOS
    addEOS = settings.flag("add_eos_token") ?? addEOS
    chatTemplate = settings.chatTemplate ?? chatTemplate
    prependScheme = scheme(settings)
  }

  /// Gives a token its id; the vocabulary grows to it.
  private mutating func add(_ token: AddedToken) {
    let id = Int(token.id)
    while tokens.count <= id {
      tokens.append("")
      scores?.append(0)
      types?.append(TokenType.unused)
    }
    if tokens[id].isEmpty { tokens[id] = token.content }
    added.removeAll { $0.id == token.id }
    added.append(token)
  }

  private func id(of spelling: String) -> Int? {
    added.first { PieceKey($0.content) == PieceKey(spelling) }.map { Int($0.id) }
      ?? tokens.firstIndex { $0.utf8.elementsEqual(spelling.utf8) }
  }

  /// The texts that get a "▁" before them. The class of LLaMA's tokenizers puts it, unless told otherwise, before the
  /// first text alone; others do so where `legacy` is false, and before each text between added tokens elsewhere.
  private func scheme(_ settings: TokenizerSettings) -> PreTokenizer.PrependScheme? {
    guard isSentencePiece, escapesSpaces else { return nil }
    let isLegacy = settings.flag("legacy")
    guard ["LlamaTokenizer", "LlamaTokenizerFast"].contains(settings.text("tokenizer_class")) else {
      return isLegacy == false && addSpacePrefix != false ? .first : nil
    }
    guard settings.flag("add_prefix_space") ?? true else { return .never }
    return isLegacy == true ? .always : .first
  }
}

extension TokenizerSettings {
  /// The tokens that were added to a vocabulary: `added_tokens_decoder`, or else `added_tokens.json`.
  ///
  /// - Parameter count: tokens of the vocabulary.
  func addedTokens(beyond count: Int) throws(TokenizerError) -> [AddedToken] {
    var tokens: [AddedToken] = []
    let reader = TokenizerFileReader(path: folder)
    if let decoder = member("added_tokens_decoder")?.object?.members {
      for entry in decoder {
        guard let id = Int32(entry.key), id >= 0, let content = entry.value["content"]?.string, !content.isEmpty else {
          throw reader.malformed(
            "added_tokens_decoder", "\(entry.key.debugDescription) is no id, or its token is empty")
        }
        // Found in the text itself, so that each piece between two of them is cut for itself.
        tokens.append(
          AddedToken(
            id: id, content: content, isSpecial: entry.value["special"]?.bool ?? false,
            singleWord: entry.value["single_word"]?.bool ?? false, stripsLeft: entry.value["lstrip"]?.bool ?? false,
            stripsRight: entry.value["rstrip"]?.bool ?? false))
      }
    } else {
      for entry in addedTokens?.members ?? [] {
        guard let id = entry.value.tokenID, !entry.key.isEmpty else {
          throw reader.malformed("added_tokens.json", "\(entry.key.debugDescription) has no id, or is empty")
        }
        tokens.append(AddedToken(id: id, content: entry.key, isSpecial: specialSpellings.contains(PieceKey(entry.key))))
      }
    }
    try reader.checkRange(of: tokens, pieceCount: count)
    return tokens
  }

  /// The spellings that some file says are control tokens.
  private var specialSpellings: Set<PieceKey> {
    let roles = ["bos_token", "eos_token", "pad_token", "unk_token"].compactMap(spelling(of:))
    let listed = ["additional_special_tokens", "extra_special_tokens"].flatMap { name in
      (member(name)?.array ?? []).compactMap { $0.string ?? $0["content"]?.string }
    }
    return Set((roles + listed).map { PieceKey($0) })
  }
}
