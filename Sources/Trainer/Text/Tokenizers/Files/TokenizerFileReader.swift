/// Reads the vocabulary, the merges and the added tokens of a `tokenizer.json`.
struct TokenizerFileReader {
  let path: String

  /// An error at a place of the file, such as a key.
  func malformed(_ place: String, _ problem: String) -> TokenizerError {
    .malformed(path: path, place: place, problem: problem)
  }

  /// The refusal of a feature that would change ids.
  func unsupported(_ place: String, _ feature: String) -> TokenizerError {
    .unsupported(
      path: path, place: place, feature: feature,
      remedy: "use a BPE or Unigram vocabulary of these steps, or tokenise the data beforehand (input_ids)")
  }

  /// True where a model is one of scored pieces; files of old name no type, but write the vocabulary as a list.
  static func isUnigram(_ model: JSON) -> Bool {
    model["type"]?.string.map { $0 == "Unigram" } ?? (model["vocab"]?.array != nil)
  }

  /// Refuses the options of the model that would change ids and are not offered.
  func checkModelOptions(_ model: JSON) throws(TokenizerError) {
    if Self.isUnigram(model) { return }
    let type = model["type"]?.string ?? "BPE"
    guard type == "BPE" else { throw unsupported("model.type", "a \(type) model") }
    for key in ["continuing_subword_prefix", "end_of_word_suffix"] {
      if let affix = model[key]?.string, !affix.isEmpty {
        throw unsupported("model.\(key)", affix.debugDescription)
      }
    }
    if let dropout = model["dropout"]?.number, dropout != 0 {
      throw unsupported("model.dropout", "random merges (\(dropout))")
    }
  }

  /// The spelling of each id.
  func pieces(_ vocabulary: JSON?, addedCount: Int) throws(TokenizerError) -> [String] {
    guard let members = vocabulary?.object?.members else { throw malformed("model.vocab", "no object of this name") }
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
  func scoredPieces(_ vocabulary: JSON?) throws(TokenizerError) -> ([String], [Double]?) {
    guard let entries = vocabulary?.array, !entries.isEmpty else {
      throw malformed("model.vocab", "no list of this name, or an empty one")
    }
    var pieces: [String] = []
    var scores: [Double] = []
    pieces.reserveCapacity(entries.count)
    for (index, entry) in entries.enumerated() {
      guard let pair = entry.array, pair.count == 2, let piece = pair[0].string, let score = pair[1].number
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
  func unknownID(_ value: JSON?, pieceCount: Int) throws(TokenizerError) -> Int32? {
    guard let value, !value.isNull else { return nil }
    guard let id = value.tokenID, Int(id) < pieceCount else {
      throw malformed("model.unk_id", "no id below \(pieceCount)")
    }
    return id
  }

  /// The merges in order of rank.
  func merges(_ list: JSON?, ids: [PieceKey: Int32]) throws(TokenizerError) -> [SubwordModel.Merge] {
    guard let entries = list?.array else { throw malformed("model.merges", "no list of this name") }
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

  private static func halves(of entry: JSON) -> ([UInt8], [UInt8])? {
    if let text = entry.string { return MergeReader.halves(of: text) }
    guard let pair = entry.array, pair.count == 2, let left = pair[0].string, let right = pair[1].string else {
      return nil
    }
    return (Array(left.utf8), Array(right.utf8))
  }

  /// The tokens that are looked for in the text itself.
  func addedTokens(_ list: JSON?) throws(TokenizerError) -> [AddedToken] {
    guard let list, !list.isNull else { return [] }
    guard let entries = list.array else { throw malformed("added_tokens", "no list") }
    var tokens: [AddedToken] = []
    for (index, entry) in entries.enumerated() {
      guard let id = entry["id"]?.tokenID, let content = entry["content"]?.string else {
        throw malformed("added_tokens[\(index)]", "no id or no content")
      }
      tokens.append(
        AddedToken(
          id: id, content: content, isSpecial: entry["special"]?.bool ?? false,
          singleWord: entry["single_word"]?.bool ?? false, stripsLeft: entry["lstrip"]?.bool ?? false,
          stripsRight: entry["rstrip"]?.bool ?? false, isNormalized: entry["normalized"]?.bool ?? false))
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

  /// The merge of two pieces, which must be in the vocabulary, and so must the piece that they become.
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
