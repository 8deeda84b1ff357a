/// The tokenizer inside a GGUF file, as its metadata give it.
package struct GGUFVocabulary: Sendable, Equatable {
  /// The kind of tokenizer: `llama` is SentencePiece, `gpt2` byte-level BPE.
  package var model: String
  /// The name of the splitting rule before byte-level BPE, such as `smollm`.
  package var pre: String?
  /// The text of each token, by id.
  package var tokens: [String]
  /// SentencePiece's score of each token.
  package var scores: [Float]?
  /// The type of each token: 1 normal, 2 unknown, 3 control, 4 user defined, 5 unused, 6 byte.
  package var types: [Int]?
  /// The merges of BPE, best first, as `left right`.
  package var merges: [String]?
  /// The token that starts a text.
  package var bosTokenID: Int?
  /// The token that ends a text.
  package var eosTokenID: Int?
  /// The token that ends a turn of a chat, where it is another one.
  package var eotTokenID: Int?
  /// The token for what the vocabulary cannot spell.
  package var unknownTokenID: Int?
  /// The token that fills rows.
  package var padTokenID: Int?
  /// Whether texts get the starting token; nil where the file is silent.
  package var addBOS: Bool?
  /// Whether texts get the ending token; nil where the file is silent.
  package var addEOS: Bool?
  /// Whether SentencePiece puts a space before the text; nil where the file is silent.
  package var addSpacePrefix: Bool?
  /// The Jinja template of chats.
  package var chatTemplate: String?

  /// A vocabulary of `tokens`.
  package init(
    model: String, pre: String? = nil, tokens: [String], scores: [Float]? = nil, types: [Int]? = nil,
    merges: [String]? = nil, bosTokenID: Int? = nil, eosTokenID: Int? = nil, eotTokenID: Int? = nil,
    unknownTokenID: Int? = nil, padTokenID: Int? = nil, addBOS: Bool? = nil, addEOS: Bool? = nil,
    addSpacePrefix: Bool? = nil, chatTemplate: String? = nil
  ) {
    self.model = model
    self.pre = pre
    self.tokens = tokens
    self.scores = scores
    self.types = types
    self.merges = merges
    self.bosTokenID = bosTokenID
    self.eosTokenID = eosTokenID
    self.eotTokenID = eotTokenID
    self.unknownTokenID = unknownTokenID
    self.padTokenID = padTokenID
    self.addBOS = addBOS
    self.addEOS = addEOS
    self.addSpacePrefix = addSpacePrefix
    self.chatTemplate = chatTemplate
  }

  /// Reads the keys `tokenizer.ggml.*`; nil where the file has no tokenizer.
  init?(_ metadata: GGUFMetadata) throws(CheckpointError) {
    let prefix = "tokenizer.ggml."
    guard let model = try metadata.string(prefix + "model"), let tokens = try metadata.strings(prefix + "tokens")
    else { return nil }
    self.init(
      model: model, pre: try metadata.string(prefix + "pre"), tokens: tokens,
      scores: try metadata.floats(prefix + "scores"), types: try metadata.integers(prefix + "token_type"),
      merges: try metadata.strings(prefix + "merges"), bosTokenID: try metadata.tokenID("bos"),
      eosTokenID: try metadata.tokenID("eos"), eotTokenID: try metadata.tokenID("eot"),
      unknownTokenID: try metadata.tokenID("unknown"), padTokenID: try metadata.tokenID("padding"),
      addBOS: try metadata.bool(prefix + "add_bos_token"), addEOS: try metadata.bool(prefix + "add_eos_token"),
      addSpacePrefix: try metadata.bool(prefix + "add_space_prefix"),
      chatTemplate: try metadata.string("tokenizer.chat_template"))
    for (what, count) in [("scores", scores?.count), ("token_type", types?.count)] {
      if let count, count != tokens.count {
        throw .invalid(metadata.path, "\(prefix)\(what) has \(count) elements for \(tokens.count) tokens")
      }
    }
  }
}

extension GGUFMetadata {
  /// The id of a special token; nil where it is absent or stands for "none", which exports write as −1.
  package func tokenID(_ name: String) throws(CheckpointError) -> Int? {
    guard let id = try integer("tokenizer.ggml.\(name)_token_id"), id >= 0, id < Int(Int32.max) else { return nil }
    return id
  }
}
