/// The content of a `tokenizer.json`.
package struct TokenizerFile {
  /// The vocabulary and its rules.
  package let model: SubwordModel
  /// The ids that the post-processor puts around a text; nil where it says nothing about that.
  let template: SpecialTokenTemplate?

  /// Reads a document.
  /// - Parameter path: named in errors only.
  /// - Throws: `TokenizerError`, where the document is broken or asks for what is not offered.
  package init(_ json: JSON, path: String) throws(TokenizerError) {
    let reader = TokenizerFileReader(path: path)
    guard let section = json["model"], section.object != nil else {
      throw reader.malformed("model", "no object of this name")
    }
    try reader.checkModelOptions(section)
    let steps = try TokenizerSteps(json, reader: reader)
    let added = try reader.addedTokens(json["added_tokens"])
    let byteFallback = section["byte_fallback"]?.bool ?? false
    let isUnigram = TokenizerFileReader.isUnigram(section)
    if isUnigram, steps.isByteLevel { throw reader.unsupported("pre_tokenizer", "bytes under a Unigram model") }
    let (pieces, scores) =
      isUnigram
      ? try reader.scoredPieces(section["vocab"]) : (try reader.pieces(section["vocab"], addedCount: added.count), nil)
    var model = SubwordModel(
      pieces: pieces,
      alphabet: steps.isByteLevel ? .bytes : .characters(byteFallback: byteFallback), merges: [], added: added,
      normalizers: steps.normalizers, preTokenizers: steps.preTokenizers,
      ignoresMerges: section["ignore_merges"]?.bool ?? false,
      fusesUnknown: section["fuse_unk"]?.bool ?? false,
      decodesMetaspace: steps.decodesMetaspace, stripsLeadingSpace: steps.stripsLeadingSpace)
    model.decoding = steps.decoding
    try reader.checkRange(of: added, pieceCount: model.pieces.count)
    let ids = model.ids()
    // Where the vocabulary has the spelling as well, its id is the one that counts, as in the reference.
    for index in model.added.indices {
      if let id = ids[PieceKey(model.added[index].content)] { model.added[index].id = id }
    }
    if let scores {
      model.algorithm = .unigram(roundsToFloat: false)
      model.scores = scores
      model.leastScore = scores.min() ?? 0
      model.fusesUnknown = true
      model.unknown = try reader.unknownID(section["unk_id"], pieceCount: pieces.count)
    } else {
      model.merges = try reader.merges(section["merges"], ids: ids)
    }
    if let name = section["unk_token"]?.string {
      guard let id = ids[PieceKey(name)] ?? model.added.first(where: { PieceKey($0.content) == PieceKey(name) })?.id
      else { throw reader.malformed("model.unk_token", "\(name.debugDescription) is not in the vocabulary") }
      model.unknown = id
    }
    self.model = model
    template = try SpecialTokenTemplate.read(json["post_processor"], reader: reader)
  }
}
