/// Reads the vocabulary, the merges and the added tokens of a `tokenizer.json`.
struct TokenizerFileReader {
  let path: String

  func malformed(_ place: String, _ problem: String) -> TokenizerError {
    .malformed(path: path, place: place, problem: problem)
  }

  func unsupported(_ place: String, _ feature: String) -> TokenizerError {
    .unsupported(
      path: path, place: place, feature: feature,
      remedy: "use a BPE or Unigram vocabulary of these steps, or tokenise the data beforehand (input_ids)")
  }

  /// Whether a model is one of scored pieces; files of old name no type, but write the vocabulary as a list.
  static func isUnigram(_ model: TokenizerJSON) -> Bool {
    model["type"]?.text.map { $0 == "Unigram" } ?? (model["vocab"]?.elements != nil)
  }

  /// Refuses the options of the model that would change ids and are not offered.
  func checkModelOptions(_ model: TokenizerJSON) throws(TokenizerError) {
    if Self.isUnigram(model) { return }
    let type = model["type"]?.text ?? "BPE"
    guard type == "BPE" else { throw unsupported("model.type", "a \(type) model") }
    for key in ["continuing_subword_prefix", "end_of_word_suffix"] {
      if let affix = model[key]?.text, !affix.isEmpty {
        throw unsupported("model.\(key)", affix.debugDescription)
      }
    }
    if case .number(let dropout)? = model["dropout"], dropout != 0 {
      throw unsupported("model.dropout", "random merges (\(dropout))")
    }
  }

  /// The spelling of each id.
  func pieces(_ vocabulary: TokenizerJSON?, addedCount: Int) throws(TokenizerError) -> [String] {
    guard let members = vocabulary?.members else { throw malformed("model.vocab", "no object of this name") }
    // Ids may have gaps, but one huge id must not make us allocate for all those before it.
    let bound = greatestID(entryCount: members.count + addedCount)
    var pieces: [String] = []
    pieces.reserveCapacity(members.count)
    for member in members {
      guard let id = member.value.tokenID, Int(id) < bound else {
        throw malformed("model.vocab", "token \(member.key.debugDescription) has no id below \(bound)")
      }
      if Int(id) >= pieces.count {
        pieces += Array(repeating: "", count: Int(id) + 1 - pieces.count)
      }
      pieces[Int(id)] = member.key
    }
    return pieces
  }

  /// The spelling and the score of each id of a Unigram model.
  func scoredPieces(_ vocabulary: TokenizerJSON?) throws(TokenizerError) -> ([String], [Double]?) {
    guard let entries = vocabulary?.elements, !entries.isEmpty else {
      throw malformed("model.vocab", "no list of this name, or an empty one")
    }
    var pieces: [String] = []
    var scores: [Double] = []
    pieces.reserveCapacity(entries.count)
    for (index, entry) in entries.enumerated() {
      guard let pair = entry.elements, pair.count == 2, let piece = pair[0].text, case .number(let score) = pair[1]
      else { throw malformed("model.vocab[\(index)]", "not [\"piece\", score]") }
      guard piece.utf8.count <= VocabularyLoader.greatestPieceLength else {
        throw malformed("model.vocab[\(index)]", "a piece of \(piece.utf8.count) bytes")
      }
      pieces.append(piece)
      scores.append(score)
    }
    return (pieces, scores)
  }

  /// The id of a Unigram model's unknown token.
  func unknownID(_ value: TokenizerJSON?, pieceCount: Int) throws(TokenizerError) -> Int32? {
    guard let value, !value.isNull else { return nil }
    guard let id = value.tokenID, Int(id) < pieceCount else {
      throw malformed("model.unk_id", "no id below \(pieceCount)")
    }
    return id
  }

  /// The merges in order of rank.
  func merges(_ list: TokenizerJSON?, ids: [PieceKey: Int32]) throws(TokenizerError) -> [SubwordModel.Merge] {
    guard let entries = list?.elements else { throw malformed("model.merges", "no list of this name") }
    var merges: [SubwordModel.Merge] = []
    merges.reserveCapacity(entries.count)
    for (index, entry) in entries.enumerated() {
      let place = "model.merges[\(index)]"
      guard let (left, right) = Self.halves(of: entry) else {
        throw malformed(place, "neither \"a b\" nor [\"a\", \"b\"]")
      }
      merges.append(
        try MergeReader(ids: ids, path: path).merge(left, right, place: place))
    }
    return merges
  }

  private static func halves(of entry: TokenizerJSON) -> ([UInt8], [UInt8])? {
    if let text = entry.text { return MergeReader.halves(of: text) }
    guard let pair = entry.elements, pair.count == 2, let left = pair[0].text, let right = pair[1].text else {
      return nil
    }
    return (Array(left.utf8), Array(right.utf8))
  }

  /// The tokens that are looked for in the text itself.
  func addedTokens(_ list: TokenizerJSON?) throws(TokenizerError) -> [AddedToken] {
    guard let list, !list.isNull else { return [] }
    guard let entries = list.elements else { throw malformed("added_tokens", "no list") }
    var tokens: [AddedToken] = []
    for (index, entry) in entries.enumerated() {
      guard let id = entry["id"]?.tokenID, let content = entry["content"]?.text else {
        throw malformed("added_tokens[\(index)]", "no id or no content")
      }
      tokens.append(
        AddedToken(
          id: id, content: content, isSpecial: entry["special"]?.flag ?? false,
          singleWord: entry["single_word"]?.flag ?? false, stripsLeft: entry["lstrip"]?.flag ?? false,
          stripsRight: entry["rstrip"]?.flag ?? false, isNormalized: entry["normalized"]?.flag ?? false))
    }
    return tokens
  }

  /// Refuses added tokens whose ids would make the vocabulary far larger than the file.
  func checkRange(of added: [AddedToken], pieceCount: Int) throws(TokenizerError) {
    let bound = greatestID(entryCount: pieceCount + added.count)
    for token in added where Int(token.id) >= bound {
      throw malformed("added_tokens", "\(token.content.debugDescription) has id \(token.id), not below \(bound)")
    }
  }

  private func greatestID(entryCount: Int) -> Int { 16 * entryCount + 1024 }
}

/// Finds the ids of a merge's halves and of what they become.
struct MergeReader {
  let ids: [PieceKey: Int32]
  let path: String

  /// The halves of "a b", which one space parts.
  static func halves(of text: String) -> ([UInt8], [UInt8])? {
    guard let space = text.utf8.firstIndex(of: 0x20) else { return nil }
    let left = text.utf8[..<space]
    let right = text.utf8[space...].dropFirst()
    return left.isEmpty || right.isEmpty || right.contains(0x20) ? nil : (Array(left), Array(right))
  }

  func merge(_ left: [UInt8], _ right: [UInt8], place: String) throws(TokenizerError) -> SubwordModel.Merge {
    try SubwordModel.Merge(
      left: id(of: left, place), right: id(of: right, place), result: id(of: left + right, place))
  }

  private func id(of piece: [UInt8], _ place: String) throws(TokenizerError) -> Int32 {
    if let id = ids[PieceKey(piece)] { return id }
    let spelling = String(decoding: piece, as: UTF8.self).debugDescription
    throw .malformed(path: path, place: place, problem: "\(spelling) is not in the vocabulary")
  }
}
