import Foundation
import SwiftProtobuf

/// Reads a SentencePiece `tokenizer.model`, a protocol-buffer message.
/// - Source: `sentencepiece_model.proto` of google/sentencepiece.
package enum SentencePieceVocabulary {
  /// Reads the vocabulary that a file describes.
  /// - Parameter path: named in errors only.
  /// - Throws: `TokenizerError`, where the file is broken or asks for what is not offered.
  package static func description(_ bytes: [UInt8], path: String) throws(TokenizerError) -> VocabularyDescription {
    let file = try message(bytes, path: path)
    var result = VocabularyDescription(
      model: try algorithm(of: file.trainer, path: path), tokens: try spellings(of: file, path: path),
      scores: file.pieces.map(\.score), types: file.pieces.map(\.kind.rawValue), path: path)
    let trainer = file.trainer
    func known(_ id: Int32) -> Int? { result.tokens.indices.contains(Int(id)) ? Int(id) : nil }
    (result.bosTokenID, result.eosTokenID) = (known(trainer.bosID), known(trainer.eosID))
    (result.unknownTokenID, result.padTokenID) = (known(trainer.unknownID), known(trainer.padID))
    let normalizer = file.normalizer
    result.addSpacePrefix = normalizer.addsDummyPrefix
    result.isSentencePiece = true
    result.characterMap = Array(normalizer.characterMap)
    result.byteFallback = trainer.byteFallback
    result.removesExtraSpaces = normalizer.removesExtraSpaces
    result.escapesSpaces = normalizer.escapesSpaces
    return result
  }

  private static func message(_ bytes: [UInt8], path: String) throws(TokenizerError) -> SentencePieceModel {
    do {
      return try SentencePieceModel(serializedBytes: bytes)
    } catch {
      throw .malformed(path: path, place: "byte 0", problem: "no protocol-buffer message of SentencePiece (\(error))")
    }
  }

  private static func spellings(of file: SentencePieceModel, path: String) throws(TokenizerError) -> [String] {
    var spellings: [String] = []
    spellings.reserveCapacity(file.pieces.count)
    for piece in file.pieces {
      guard let text = String(validating: piece.spelling, as: UTF8.self) else {
        throw .malformed(path: path, place: "piece \(spellings.count)", problem: "it is not UTF-8")
      }
      spellings.append(text)
    }
    return spellings
  }

  /// The algorithm by the name that `VocabularyDescription` has for it.
  private static func algorithm(
    of trainer: SentencePieceModel.Trainer, path: String
  ) throws(TokenizerError) -> String {
    func unsupported(_ place: String, _ feature: String) -> TokenizerError {
      .unsupported(
        path: path, place: place, feature: feature,
        remedy: "use a BPE or unigram vocabulary, or tokenise the data beforehand (input_ids)")
    }
    if trainer.treatsSpaceAsSuffix {
      throw unsupported("trainer_spec.treat_whitespace_as_suffix", "spaces after words")
    }
    switch trainer.algorithm {
    case .bpe: return "llama"
    case .unigram: return "unigram"
    case .word, .char:
      throw unsupported(
        "trainer_spec.model_type", "a vocabulary of \(trainer.algorithm == .word ? "words" : "characters")")
    }
  }
}
