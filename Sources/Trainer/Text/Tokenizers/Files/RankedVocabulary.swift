import Foundation

/// Reads a tiktoken `tokenizer.model`, as Meta ships with Llama 3: a line a token, its bytes in base64 and its rank.
///
/// Such a file holds no special tokens; where it has Llama 3's 128,000 ranks, that model's 256 follow.
package enum RankedVocabulary {
  /// Llama 3's count of ordinary tokens.
  private static let llama3Count = 128_000
  /// Llama 3.1's special tokens by their place after the ordinary ones; the others are reserved.
  private static let llama3Special = [
    0: "<|begin_of_text|>", 1: "<|end_of_text|>", 4: "<|finetune_right_pad_id|>", 6: "<|start_header_id|>",
    7: "<|end_header_id|>", 8: "<|eom_id|>", 9: "<|eot_id|>", 10: "<|python_tag|>",
  ]

  /// True where a file's first line is one of this format.
  package static func isLikely(_ bytes: [UInt8]) -> Bool {
    guard let line = bytes.prefix(1024).split(separator: 0x0A).first else { return false }
    return entry(line) != nil
  }

  /// Reads the vocabulary that a file describes; `path` is named in errors only.
  package static func description(_ bytes: [UInt8], path: String) throws(TokenizerError) -> VocabularyDescription {
    var tokens: [String] = []
    for line in bytes.split(separator: 0x0A) {
      guard let (piece, rank) = entry(line), rank == tokens.count else {
        throw .malformed(
          path: path, place: "line \(tokens.count + 1)", problem: "it is not base64, a space and \(tokens.count)")
      }
      tokens.append(ByteAlphabet.piece(of: piece))
    }
    // A lower rank is a more frequent token: ranks are scores with the sign turned.
    let merges = ScoredVocabulary.merges(pieces: tokens, scores: tokens.indices.map { -Float($0) }) { _ in true }
    var result = VocabularyDescription(model: "gpt2", pre: "llama-bpe", tokens: tokens, path: path)
    result.merges = merges.map { tokens[Int($0.left)] + " " + tokens[Int($0.right)] }
    result.types = tokens.map { _ in VocabularyDescription.TokenType.normal }
    if tokens.count == llama3Count { addLlama3Special(to: &result) }
    return result
  }

  private static func entry(_ line: ArraySlice<UInt8>) -> ([UInt8], Int)? {
    let parts = line.split(separator: 0x20)
    guard parts.count == 2, let rank = Int(String(decoding: parts[1], as: UTF8.self)),
      let piece = Data(base64Encoded: Data(parts[0])), !piece.isEmpty, piece.count <= 1024
    else { return nil }
    return (Array(piece), rank)
  }

  private static func addLlama3Special(to description: inout VocabularyDescription) {
    var reserved = 0
    for place in 0..<256 {
      if let name = llama3Special[place] {
        description.tokens.append(name)
      } else {
        description.tokens.append("<|reserved_special_token_\(reserved)|>")
        reserved += 1
      }
      description.types?.append(VocabularyDescription.TokenType.control)
    }
    description.bosTokenID = llama3Count
    description.eosTokenID = llama3Count + 1
    // Meta's own reader puts <|begin_of_text|> before every text.
    description.addBOS = true
  }
}
