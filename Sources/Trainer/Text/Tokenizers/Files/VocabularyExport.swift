/// The vocabulary of a tokenizer as GGUF describes it, to write it into such a file.
/// - Throws: `TokenizerError.unsupported`, where GGUF has no name for how the tokenizer cuts texts.
package func vocabularyDescription(
  of tokenizer: any Tokenizer
) throws(TokenizerError) -> VocabularyDescription {
  guard let bytePair = tokenizer as? SubwordTokenizer ?? (tokenizer as? ByteTokenizer)?.bytePair else {
    throw VocabularyExport.unsupported("a \(type(of: tokenizer))")
  }
  var description = try VocabularyExport(bytePair).description()
  description.fill(upTo: tokenizer.vocabularySize)
  return description
}

extension VocabularyDescription {
  /// Gives a spelling to the rows that a model has beyond its tokens: recipes ask for more, and some models pad.
  mutating func fill(upTo count: Int) {
    for id in tokens.count..<max(tokens.count, count) {
      tokens.append("<|unused_\(id)|>")
      scores?.append(0)
      types?.append(VocabularyDescription.TokenType.unused)
    }
  }
}

/// Describes a byte-pair model by GGUF's means.
struct VocabularyExport {
  private let tokenizer: SubwordTokenizer
  private var model: SubwordModel { tokenizer.model }

  /// An export of one tokenizer.
  init(_ tokenizer: SubwordTokenizer) { self.tokenizer = tokenizer }

  /// The refusal of a feature that GGUF cannot express.
  static func unsupported(_ feature: String) -> TokenizerError {
    .unsupported(
      path: "to export", place: "tokenizer.ggml.pre", feature: feature,
      remedy: "convert to a Hugging Face folder, where it stays as it is")
  }

  /// The description in GGUF's terms.
  func description() throws(TokenizerError) -> VocabularyDescription {
    let special = tokenizer.special
    var result = VocabularyDescription(
      model: model.alphabet == .bytes ? "gpt2" : "llama",
      tokens: (0..<tokenizer.vocabularySize).map { spelling(Int32($0)) })
    result.types = types()
    result.bosTokenID = special.bos.map(Int.init)
    result.eosTokenID = special.eos.first.map(Int.init)
    result.unknownTokenID = special.unk.map(Int.init)
    result.padTokenID = special.pad.map(Int.init)
    result.addBOS = special.addsBOS
    result.addEOS = special.addsEOS
    result.chatTemplate = tokenizer.chatTemplate
    guard model.algorithm == .bytePair else { throw Self.unsupported("a Unigram vocabulary") }
    if model.alphabet == .bytes {
      // Normal forms have no place in GGUF; a text in NFC, as nearly all are, is not changed by that one.
      guard model.normalizers.isEmpty || model.normalizers == [.form(.canonicalComposition)] else {
        throw Self.unsupported("a normalizer that GGUF has no name for")
      }
      guard let name = WordSplitting.name(of: model.preTokenizers, ignoresMerges: model.ignoresMerges) else {
        throw Self.unsupported("the pre-tokenizer \(tokenizer.cuts), which GGUF has no name for")
      }
      result.pre = name
      result.merges = model.merges.map { result.tokens[Int($0.left)] + " " + result.tokens[Int($0.right)] }
    } else {
      result.addSpacePrefix = try addsSpace()
      result.scores = model.scores.map { $0.map { Float($0) } } ?? scoresFromMerges(count: result.tokens.count)
    }
    return result
  }

  private func spelling(_ id: Int32) -> String {
    let piece = tokenizer.piece(id)
    return piece.isEmpty ? "<|unused_\(id)|>" : piece
  }

  private func types() -> [Int] {
    var types = (0..<tokenizer.vocabularySize).map { id -> Int in
      let piece = tokenizer.piece(Int32(id))
      if piece.isEmpty { return VocabularyDescription.TokenType.unused }
      let isByte = model.alphabet == .characters(byteFallback: true) && ByteToken.byte(of: piece) != nil
      return isByte ? VocabularyDescription.TokenType.byte : VocabularyDescription.TokenType.normal
    }
    for token in model.added {
      types[Int(token.id)] =
        token.isSpecial ? VocabularyDescription.TokenType.control : VocabularyDescription.TokenType.userDefined
    }
    if model.alphabet != .bytes, let unknown = tokenizer.special.unk {
      types[Int(unknown)] = VocabularyDescription.TokenType.unknown
    }
    return types
  }

  /// True where a text gets a "▁" before it; a vocabulary that does anything else to texts has no place in GGUF.
  private func addsSpace() throws(TokenizerError) -> Bool {
    let replacesSpaces = Normalizer.replace(" ", with: Metaspace.text)
    if model.preTokenizers.isEmpty {
      if model.normalizers == [.prepend(Metaspace.text), replacesSpaces] { return true }
      if model.normalizers == [replacesSpaces] { return false }
    }
    if model.normalizers.isEmpty, model.preTokenizers.count == 1,
      case .metaspace(let scheme, _) = model.preTokenizers[0]
    {
      return scheme != .never
    }
    throw Self.unsupported("a normalizer that GGUF has no name for")
  }

  /// A piece is worth the less the later its first merge comes.
  private func scoresFromMerges(count: Int) -> [Float] {
    var scores = [Float](repeating: 0, count: count)
    var rank: Float = 0
    for merge in model.merges where scores[Int(merge.result)] == 0 {
      rank += 1
      scores[Int(merge.result)] = -rank
    }
    return scores
  }
}
