import Foundation

/// Subword tokenization: byte-pair encoding over bytes (GPT-2, Llama 3, SmolLM) or over characters (SentencePiece,
/// llama2.c), or unigram segmentation.
///
/// A text passes: added tokens → normalizers → pre-tokenizers → merges, or the search for the best segmentation.
package struct SubwordTokenizer: Tokenizer {
  package let special: SpecialTokens
  package let chatTemplate: String?
  /// Origin of the tokenizer, for saving it unchanged.
  package let source: TokenizerOrigin
  /// The vocabulary and its rules.
  package let model: SubwordModel

  private let pieces: [String]
  private let pieceBytes: [[UInt8]]
  private let specialIDs: Set<Int32>
  private let fallbackBytes: [Int32: UInt8]
  private let words: WordEncoder
  private let rawTokens: AddedTokenFinder
  private let normalizedTokens: AddedTokenFinder

  package init(_ model: SubwordModel, special: SpecialTokens, chatTemplate: String?, source: TokenizerOrigin) {
    self.model = model
    self.special = special
    self.chatTemplate = chatTemplate
    self.source = source
    let tables = SubwordTables(model)
    pieces = tables.pieces
    pieceBytes = tables.pieceBytes
    fallbackBytes = tables.fallbackBytes
    words = WordEncoder(model, tables)
    specialIDs = Set(model.added.filter(\.isSpecial).map(\.id))
    rawTokens = AddedTokenFinder(model.added.filter { !$0.isNormalized }) { Array($0.content.utf8) }
    normalizedTokens = AddedTokenFinder(model.added.filter(\.isNormalized)) {
      Self.normalized(Array($0.content.utf8), by: model.normalizers)
    }
  }

  package var vocabularySize: Int { pieces.count }
  package var stripsLeadingSpace: Bool { model.stripsLeadingSpace }

  package func encode(_ text: String) -> [Int32] { encode(text, findsSpecial: true) }

  package func encodeOrdinary(_ text: String) -> [Int32] { encode(text, findsSpecial: false) }

  package func bytes(of id: Int32) -> [UInt8] {
    pieceBytes.indices.contains(Int(id)) ? pieceBytes[Int(id)] : []
  }

  package func piece(_ id: Int32) -> String { pieces.indices.contains(Int(id)) ? pieces[Int(id)] : "" }

  package func isSpecial(_ id: Int32) -> Bool { specialIDs.contains(id) }

  package func decode(_ ids: [Int32], skipSpecial: Bool) -> String {
    var bytes: [UInt8] = []
    var run: [UInt8] = []
    for id in ids where !(skipSpecial && isSpecial(id)) {
      if let byte = fallbackBytes[id] {
        run.append(byte)
      } else {
        bytes += Self.replacingInvalid(run)
        run = []
        bytes += self.bytes(of: id)
      }
    }
    bytes += Self.replacingInvalid(run)
    if stripsLeadingSpace, bytes.first == 0x20 { bytes.removeFirst() }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// A run of byte tokens that is no UTF-8 becomes one U+FFFD a byte, as the reference decoder has it.
  private static func replacingInvalid(_ run: [UInt8]) -> [UInt8] {
    if run.isEmpty || String(validating: run, as: UTF8.self) != nil { return run }
    return run.flatMap { _ in [0xEF, 0xBF, 0xBD] as [UInt8] }
  }

  private static func normalized(_ bytes: [UInt8], by normalizers: [Normalizer]) -> [UInt8] {
    normalizers.reduce(bytes) { $1.apply(to: $0) }
  }

  private func encode(_ text: String, findsSpecial: Bool) -> [Int32] {
    var ids: [Int32] = []
    ids.reserveCapacity(text.utf8.count / 3)
    var utf8 = text
    let bytes = utf8.withUTF8 { Array($0) }
    for segment in rawTokens.segments(of: bytes, isFirst: true, findsSpecial: findsSpecial) {
      switch segment {
      case .token(let id): ids.append(id)
      case .text(let raw, let isFirst):
        let bytes = Self.normalized(raw, by: model.normalizers)
        for inner in normalizedTokens.segments(of: bytes, isFirst: isFirst, findsSpecial: findsSpecial) {
          switch inner {
          case .token(let id): ids.append(id)
          case .text(let bytes, let isFirst): encodeSegment(bytes, isFirst: isFirst, into: &ids)
          }
        }
      }
    }
    return ids
  }

  private func encodeSegment(_ bytes: [UInt8], isFirst: Bool, into ids: inout [Int32]) {
    var text = PreTokenizedText(bytes: bytes, words: [0..<bytes.count])
    for step in model.preTokenizers { step.apply(to: &text, isFirst: isFirst) }
    for word in text.words where !word.isEmpty { words.encode(word, in: text.bytes, into: &ids) }
  }
}
