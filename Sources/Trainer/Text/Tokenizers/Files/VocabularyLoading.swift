/// The tokenizer of a described vocabulary.
/// - Throws: `TokenizerError`, where the description is broken or asks for what is not offered.
package func loadTokenizer(
  description: VocabularyDescription
) throws(TokenizerError) -> SubwordTokenizer {
  try VocabularyLoader(description).tokenizer()
}

/// Turns a described vocabulary into a model of pieces.
struct VocabularyLoader {
  let description: VocabularyDescription

  /// A loader of one vocabulary.
  init(_ description: VocabularyDescription) { self.description = description }

  /// The tokenizer of the vocabulary, checked.
  func tokenizer() throws(TokenizerError) -> SubwordTokenizer {
    let count = description.tokens.count
    guard count > 0, count < Int(Int32.max) else { throw malformed("tokens", "\(count) tokens") }
    for (name, found) in [("scores", description.scores?.count), ("token_type", description.types?.count)] {
      guard let found, found != count else { continue }
      throw malformed(name, "\(found) entries for \(count) tokens")
    }
    let isScored: Bool
    switch description.model {
    case "gpt2": isScored = false
    case "llama", "unigram": isScored = true
    default: throw unsupported("model", "a \(description.model) vocabulary")
    }
    let special: SpecialTokens
    let model: SubwordModel
    if isScored {
      special = try specialTokens(addsBOSWhenSilent: true)
      model = try scoredModel(special)
    } else {
      let words = try splitting()
      special = try specialTokens(addsBOSWhenSilent: words.addsBOS)
      model = try mergedModel(words)
    }
    return SubwordTokenizer(model, special: special, chatTemplate: description.chatTemplate, source: .model)
  }

  private func specialTokens(addsBOSWhenSilent: Bool) throws(TokenizerError) -> SpecialTokens {
    let bos = try id(description.bosTokenID, "bos_token_id")
    let eos = try id(description.eosTokenID, "eos_token_id")
    return SpecialTokens(
      bos: bos, eos: eos.map { [$0] } ?? [], pad: try id(description.padTokenID, "padding_token_id"),
      unk: try id(description.unknownTokenID, "unknown_token_id"),
      addsBOS: (description.addBOS ?? addsBOSWhenSilent) && bos != nil,
      addsEOS: (description.addEOS ?? false) && eos != nil)
  }

  private func id(_ value: Int?, _ place: String) throws(TokenizerError) -> Int32? {
    guard let value else { return nil }
    guard description.tokens.indices.contains(value) else {
      throw malformed(place, "id \(value), but there are \(description.tokens.count) tokens")
    }
    return Int32(value)
  }

  /// The purpose of a token, by `TokenType`.
  func type(_ id: Int) -> Int { description.types?[id] ?? VocabularyDescription.TokenType.normal }

  /// The cuts that the description names.
  private func splitting() throws(TokenizerError) -> WordSplitting {
    if let words = WordSplitting(pre: description.pre) { return words }
    let name = (description.pre ?? "").debugDescription
    guard WordSplitting.spelledInCharacters.contains(description.pre ?? "") else {
      throw unsupported(
        "pre", "the pre-tokenizer \(name), which is none of \(WordSplitting.names.joined(separator: ", "))")
    }
    throw unsupported("pre", "the pre-tokenizer \(name), whose vocabulary is spelled in characters")
  }

  /// Byte-level BPE by merges.
  private func mergedModel(_ words: WordSplitting) throws(TokenizerError) -> SubwordModel {
    guard let lines = description.merges else { throw malformed("merges", "none, though the model is gpt2") }
    var model = SubwordModel(
      pieces: description.tokens, alphabet: .bytes, merges: [], added: addedTokens(),
      preTokenizers: words.steps, ignoresMerges: words.ignoresMerges)
    let reader = MergeReader(ids: model.ids(), path: description.path)
    model.merges.reserveCapacity(lines.count)
    for (index, line) in lines.enumerated() {
      guard let (left, right) = MergeReader.halves(of: line) else {
        throw malformed("merges[\(index)]", "\(line.debugDescription) is not \"a b\"")
      }
      model.merges.append(try reader.merge(left, right, place: "merges[\(index)]"))
    }
    return model
  }

  /// Controls, unknowns and what a user defined. In scored vocabularies the latter spell spaces as "▁"; those of
  /// SentencePiece itself are no added tokens.
  func addedTokens() -> [AddedToken] {
    let described = Set(description.added.map(\.id))
    let own = description.tokens.enumerated().compactMap { id, piece -> AddedToken? in
      if described.contains(Int32(id)) { return nil }
      switch type(id) {
      case VocabularyDescription.TokenType.unknown, VocabularyDescription.TokenType.control:
        return AddedToken(id: Int32(id), content: piece, isSpecial: true)
      case VocabularyDescription.TokenType.userDefined where !description.isSentencePiece:
        return AddedToken(id: Int32(id), content: spelledInText(piece), isSpecial: false)
      default: return nil
      }
    }
    return own + description.added
  }

  private func spelledInText(_ piece: String) -> String {
    guard description.model == "llama" else { return piece }
    let bytes = Normalizer.replace(Metaspace.text, with: " ").apply(to: Array(piece.utf8))
    return String(decoding: bytes, as: UTF8.self)
  }

  /// An error at a place of the description, such as a key.
  func malformed(_ place: String, _ problem: String) -> TokenizerError {
    .malformed(path: description.path, place: place, problem: problem)
  }

  private func unsupported(_ place: String, _ feature: String) -> TokenizerError {
    .unsupported(
      path: description.path, place: place, feature: feature,
      remedy: "convert the model to a Hugging Face folder with its tokenizer.json and use that")
  }
}
