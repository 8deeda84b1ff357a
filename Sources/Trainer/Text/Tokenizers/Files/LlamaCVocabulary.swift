import Foundation

/// The tokenizer of a llama2.c `tokenizer.bin` (also called `tok512.bin` and the like).
/// - Parameter vocabularySize: how many tokens the model has; nil takes as many as the file holds
/// - Throws: `TokenizerError`, where the file is broken or of another vocabulary.
package func loadTokenizer(
  llama2c file: URL, vocabularySize: Int? = nil
) throws(TokenizerError) -> SubwordTokenizer {
  let bytes = FileBytes(Array(try FileBytes.contents(of: file)), path: file.path)
  let description = try LlamaCVocabulary.description(bytes)
  if let vocabularySize, vocabularySize != description.tokens.count {
    throw .malformed(
      path: file.path, place: "its end",
      problem: "it holds \(description.tokens.count) tokens, but the model has \(vocabularySize), "
        + "so it belongs to another model")
  }
  return try loadTokenizer(description: description)
}

/// Reads llama2.c's vocabulary: a 32-bit length of the longest piece, then for each token its score (float),
/// its length in bytes (32 bits) and its bytes; all little-endian.
package enum LlamaCVocabulary {
  /// Reads the vocabulary that a file describes.
  package static func description(_ file: FileBytes) throws(TokenizerError) -> VocabularyDescription {
    var file = file
    let longest = try file.uint32("the greatest piece length")
    var tokens: [String] = []
    var scores: [Float] = []
    while !file.isAtEnd {
      scores.append(try file.float("the score of token \(tokens.count)"))
      let length = try file.uint32("the length of token \(tokens.count)")
      guard length <= longest else {
        throw file.malformed("token \(tokens.count) has \(length) bytes, though the longest should have \(longest)")
      }
      tokens.append(spelling(of: try file.text(Int(length), "token \(tokens.count)"), id: tokens.count))
    }
    guard tokens.count >= 3 else { throw file.malformed("\(tokens.count) tokens; three are reserved already") }
    return VocabularyDescription(
      model: "llama", tokens: tokens, scores: scores, types: tokens.indices.map { type(of: $0, tokens[$0]) },
      bosTokenID: 1, eosTokenID: 2, unknownTokenID: 0, path: file.path)
  }

  /// The file spells "▁" as a space and puts newlines around the controls, for printing; SentencePiece does not.
  private static func spelling(of piece: String, id: Int) -> String {
    switch (id, piece) {
    case (1, "\n<s>\n"): return "<s>"
    case (2, "\n</s>\n"): return "</s>"
    default:
      let bytes = Normalizer.replace(" ", with: Metaspace.text).apply(to: Array(piece.utf8))
      return String(decoding: bytes, as: UTF8.self)
    }
  }

  private static func type(of id: Int, _ piece: String) -> Int {
    if id == 0 { return VocabularyDescription.TokenType.unknown }
    if id < 3 { return VocabularyDescription.TokenType.control }
    let isByte = ByteToken.byte(of: piece) != nil
    return isByte ? VocabularyDescription.TokenType.byte : VocabularyDescription.TokenType.normal
  }
}
