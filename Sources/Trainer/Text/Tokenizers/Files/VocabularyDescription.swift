/// A vocabulary as model files other than `tokenizer.json` describe it: GGUF's metadata, SentencePiece's model,
/// llama2.c's binary.
package struct VocabularyDescription: Sendable, Equatable {
  /// Purposes of a token, numbered as in SentencePiece and GGUF.
  package enum TokenType {
    package static let normal = 1
    package static let unknown = 2
    package static let control = 3
    package static let userDefined = 4
    package static let unused = 5
    package static let byte = 6
  }

  /// "gpt2": byte-level BPE by merges; "llama": SentencePiece-style BPE by scores; "unigram": by scores as well.
  package var model: String
  /// Name of the way in which a "gpt2" text is cut into words; nil is llama.cpp's default way.
  package var pre: String?
  /// The spelling of each id.
  package var tokens: [String]
  /// Scores, one a token; needed for "llama".
  package var scores: [Float]?
  /// Purposes, one a token, see `TokenType`; nil: all tokens are ordinary.
  package var types: [Int]?
  /// "a b" in order of rank; needed for "gpt2".
  package var merges: [String]?
  package var bosTokenID: Int?
  package var eosTokenID: Int?
  package var unknownTokenID: Int?
  package var padTokenID: Int?
  /// True where a text gets BOS; nil where the file is silent.
  package var addBOS: Bool?
  /// True where a text gets EOS; nil where the file is silent.
  package var addEOS: Bool?
  /// True where a "llama" text gets a space before it; nil where the file is silent, which means yes.
  package var addSpacePrefix: Bool?
  /// Tokens that files beside it add, or describe otherwise than `types` does.
  package var added: [AddedToken] = []
  /// The texts that a tokenizer's configuration puts a "▁" before; nil: those that `addSpacePrefix` says,
  /// in SentencePiece's own way.
  package var prependScheme: PreTokenizer.PrependScheme?
  /// True where a token that a user defined is found in the normalized text, without cutting it first.
  package var isSentencePiece = false
  /// SentencePiece's character map; empty where texts stay as they are.
  package var characterMap: [UInt8] = []
  /// True where bytes stand for characters without a piece.
  package var byteFallback = true
  /// True where spaces at either end go, and runs of them become one.
  package var removesExtraSpaces = false
  /// True where pieces spell spaces as "▁".
  package var escapesSpaces = true
  /// The Jinja template.
  package var chatTemplate: String?
  /// The file it came from, named in errors and remarks only.
  package var path: String

  /// Remarks on it, a line each.
  package var notes: [String] {
    guard model == "gpt2", pre == nil || pre == "default" else { return [] }
    return [
      "\(path): tokenizer.ggml.pre is \(pre == nil ? "missing" : "\"default\""), so texts are cut into words in "
        + "llama.cpp's default way; if the model's own is another, its answers are worse: convert the model again, with "
        + "a newer llama.cpp"
    ]
  }

  package init(
    model: String, pre: String? = nil, tokens: [String], scores: [Float]? = nil, types: [Int]? = nil,
    merges: [String]? = nil, bosTokenID: Int? = nil, eosTokenID: Int? = nil, unknownTokenID: Int? = nil,
    padTokenID: Int? = nil, addBOS: Bool? = nil, addEOS: Bool? = nil, addSpacePrefix: Bool? = nil,
    chatTemplate: String? = nil, path: String = "of a model file"
  ) {
    self.model = model
    self.pre = pre
    self.tokens = tokens
    self.scores = scores
    self.types = types
    self.merges = merges
    self.bosTokenID = bosTokenID
    self.eosTokenID = eosTokenID
    self.unknownTokenID = unknownTokenID
    self.padTokenID = padTokenID
    self.addBOS = addBOS
    self.addEOS = addEOS
    self.addSpacePrefix = addSpacePrefix
    self.chatTemplate = chatTemplate
    self.path = path
  }
}
