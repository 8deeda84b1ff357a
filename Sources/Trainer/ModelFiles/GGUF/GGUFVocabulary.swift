extension VocabularyDescription {
  /// Reads the keys `tokenizer.ggml.*` of a GGUF file; nil where it has no tokenizer.
  init?(_ metadata: GGUFMetadata) throws(FileError) {
    let prefix = "tokenizer.ggml."
    guard let model = try metadata.string(prefix + "model"), let tokens = try metadata.strings(prefix + "tokens")
    else { return nil }
    self.init(
      model: model, pre: try metadata.string(prefix + "pre"), tokens: tokens,
      scores: try metadata.floats(prefix + "scores"), types: try metadata.integers(prefix + "token_type"),
      merges: try metadata.strings(prefix + "merges"), bosTokenID: try metadata.tokenID("bos"),
      eosTokenID: try metadata.tokenID("eos"), unknownTokenID: try metadata.tokenID("unknown"),
      padTokenID: try metadata.tokenID("padding"), addBOS: try metadata.bool(prefix + "add_bos_token"),
      addEOS: try metadata.bool(prefix + "add_eos_token"),
      addSpacePrefix: try metadata.bool(prefix + "add_space_prefix"),
      chatTemplate: try metadata.string("tokenizer.chat_template"), path: metadata.path)
    for (what, count) in [("scores", scores?.count), ("token_type", types?.count)] {
      if let count, count != tokens.count {
        throw .invalid(metadata.path, "\(prefix)\(what) has \(count) elements for \(tokens.count) tokens")
      }
    }
  }
}

extension GGUFMetadata {
  /// The id of a special token; nil where it is absent or stands for "none", which exports write as −1.
  package func tokenID(_ name: String) throws(FileError) -> Int? {
    guard let id = try integer("tokenizer.ggml.\(name)_token_id"), id >= 0, id < Int(Int32.max) else { return nil }
    return id
  }
}
