extension VocabularyLoader {
  /// The longest scored piece; SentencePiece's own default is 16 characters.
  static let greatestPieceLength = 1024

  /// SentencePiece's vocabularies: BPE or unigram, by scores.
  func scoredModel(_ special: SpecialTokens) throws(TokenizerError) -> SubwordModel {
    let scores = try checkedScores()
    let added = addedTokens()
    var pieces = description.tokens
    // What is looked for in the text itself is spelled as in the text.
    for token in added { pieces[Int(token.id)] = token.content }
    let space = description.escapesSpaces ? Metaspace.text : " "
    let scheme = description.prependScheme
    let addsSpace = scheme.map { $0 != .never } ?? description.addSpacePrefix ?? true
    var model = SubwordModel(
      pieces: pieces, alphabet: .characters(byteFallback: description.byteFallback), merges: [],
      scores: scores.map(Double.init), added: added, unknown: special.unk, fusesUnknown: true,
      decodesMetaspace: true, stripsLeadingSpace: addsSpace)
    model.normalizers = try normalizers()
    if let scheme {
      model.preTokenizers = [.metaspace(scheme, splitsWords: false)]
    } else {
      if addsSpace { model.normalizers.append(.prepend(space)) }
      if description.escapesSpaces { model.normalizers.append(.replace(" ", with: Metaspace.text)) }
    }
    var growth = TextGrowth()
    for step in model.normalizers { growth.add(step) }
    guard growth.isBounded else { throw malformed("normalizer_spec.precompiled_charsmap", TextGrowth.problem) }
    if description.model == "llama" {
      model.merges = ScoredVocabulary.merges(pieces: pieces, scores: scores) { isOrdinary(Int($0)) }
      if !userDefined.isEmpty {
        // A piece that a user defined is found before any merge, and is a word that is taken whole.
        model.preTokenizers.append(.literals(userDefined))
        model.ignoresMerges = true
      }
    } else {
      model.algorithm = .unigram(roundsToFloat: description.isSentencePiece)
      completeUnigram(&model, scores: scores)
    }
    return model
  }

  /// The pieces that a user defined, where they are found in the normalized text.
  private var userDefined: Literals {
    guard description.isSentencePiece else { return Literals([]) }
    return Literals(
      description.tokens.indices.filter { type($0) == VocabularyDescription.TokenType.userDefined }
        .map { description.tokens[$0] })
  }

  private func isOrdinary(_ id: Int) -> Bool {
    type(id) == VocabularyDescription.TokenType.normal && ByteToken.byte(of: description.tokens[id]) == nil
  }

  private func checkedScores() throws(TokenizerError) -> [Float] {
    guard let scores = description.scores else {
      throw malformed("scores", "none, though the model is \(description.model)")
    }
    if let index = scores.firstIndex(where: { !$0.isFinite }) {
      throw malformed("scores[\(index)]", "\(scores[index])")
    }
    for (index, piece) in description.tokens.enumerated() where isOrdinary(index) {
      guard piece.utf8.count <= Self.greatestPieceLength else {
        throw malformed("tokens[\(index)]", "a piece of \(piece.utf8.count) bytes")
      }
    }
    return scores
  }

  private func normalizers() throws(TokenizerError) -> [Normalizer] {
    var steps: [Normalizer] = []
    if !description.characterMap.isEmpty {
      guard let map = CharacterMap(description.characterMap, keeping: userDefined) else {
        throw malformed("normalizer_spec.precompiled_charsmap", "the trie is longer than the map")
      }
      steps.append(.characterMap(map, .longestKey))
    }
    if description.removesExtraSpaces {
      steps += [.dropLeadingSpaces, .replaceSpaceRuns(with: " "), .dropTrailingSpaces]
    }
    return steps
  }

  /// Scores as SentencePiece's own search takes them, and the pieces that it never takes.
  private func completeUnigram(_ model: inout SubwordModel, scores: [Float]) {
    let ordinary = description.tokens.indices.filter(isOrdinary)
    let greatest = ordinary.map { scores[$0] }.max() ?? 0
    for id in description.tokens.indices {
      switch type(id) {
      case VocabularyDescription.TokenType.userDefined:
        // Worth so much that it is taken wherever it stands.
        model.scores?[id] =
          Double(Float(description.tokens[id].utf8.count) * max(greatest, .leastNormalMagnitude)) - 0.1
      case VocabularyDescription.TokenType.normal where isOrdinary(id): break
      default:
        model.unspoken.insert(Int32(id))
        model.scores?[id] = 0
      }
    }
    model.leastScore = ordinary.map { Double(scores[$0]) }.min() ?? 0
  }
}
