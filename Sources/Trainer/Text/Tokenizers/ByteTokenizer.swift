/// One token a byte, and three more: for a model that starts from nothing, without any vocabulary file.
///
/// Ids 0 … 255 are the bytes, then BOS, EOS and padding; a larger vocabulary leaves the ids beyond unused.
package struct ByteTokenizer: Tokenizer {
  /// The least vocabulary: 256 bytes and three special tokens.
  package static let leastVocabularySize = 259

  package let vocabularySize: Int
  package let special = SpecialTokens(bos: 256, eos: [257], pad: 258)
  package let chatTemplate: String? = nil
  package let stripsLeadingSpace = false
  /// The same vocabulary as byte-pair encoding without merges, by which it is saved.
  let bytePair: SubwordTokenizer

  /// - Parameter vocabularySize: at least 259
  package init(vocabularySize: Int) throws(TokenizerError) {
    guard vocabularySize >= Self.leastVocabularySize else {
      throw .unsupported(
        path: "of bytes", place: "vocab_size", feature: "\(vocabularySize) tokens",
        remedy: "set vocab_size to at least \(Self.leastVocabularySize): 256 bytes, BOS, EOS and padding")
    }
    self.vocabularySize = vocabularySize
    let names = ["<|bos|>", "<|eos|>", "<|pad|>"]
    let model = SubwordModel(
      pieces: (UInt8.min...UInt8.max).map { ByteAlphabet.piece(of: [$0]) } + names,
      alphabet: .bytes, merges: [],
      added: names.enumerated().map { AddedToken(id: Int32(256 + $0), content: $1, isSpecial: true) },
      preTokenizers: [.byteLevel(addsPrefixSpace: false, splitsWords: true)])
    bytePair = SubwordTokenizer(model, special: special, chatTemplate: nil, source: .model)
  }

  package func encode(_ text: String) -> [Int32] { bytePair.encode(text) }

  package func encodeOrdinary(_ text: String) -> [Int32] { text.utf8.map(Int32.init) }

  package func decode(_ ids: [Int32], skipSpecial: Bool) -> String {
    bytePair.decode(ids, skipSpecial: skipSpecial)
  }

  package func bytes(of id: Int32) -> [UInt8] { bytePair.bytes(of: id) }

  package func piece(_ id: Int32) -> String { bytePair.piece(id) }

  package func isSpecial(_ id: Int32) -> Bool { bytePair.isSpecial(id) }
}
