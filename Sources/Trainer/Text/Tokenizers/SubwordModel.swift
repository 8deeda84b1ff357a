/// What a vocabulary of pieces is made of, before it is prepared for speed: the content of `tokenizer.json`.
package struct SubwordModel: Sendable {
  /// How a word becomes pieces.
  package enum Algorithm: Sendable, Equatable {
    /// The merges, in their order.
    case bytePair
    /// The pieces with the greatest sum of scores.
    case unigram(roundsToFloat: Bool)
  }

  /// What texts are spelled in before they become pieces.
  package enum Alphabet: Sendable, Equatable {
    /// Bytes, spelled in `ByteAlphabet`.
    case bytes
    /// Characters; one that has no token is spelled in bytes by the tokens `<0x00>` … where `byteFallback` is set.
    case characters(byteFallback: Bool)
  }

  /// Two pieces that become a third.
  package struct Merge: Sendable, Equatable {
    package var left: Int32
    package var right: Int32
    package var result: Int32

    package init(left: Int32, right: Int32, result: Int32) {
      self.left = left
      self.right = right
      self.result = result
    }
  }

  /// The vocabulary's spelling of each id; empty where an id is unused.
  package var pieces: [String]
  package var algorithm = Algorithm.bytePair
  package var alphabet: Alphabet
  /// In order of rank.
  package var merges: [Merge]
  /// How much each piece is worth, where the vocabulary came with scores: higher merges first.
  package var scores: [Double]?
  /// Pieces that no text may become, though they are no added tokens: bytes and unused ones of a unigram vocabulary.
  package var unspoken: Set<Int32> = []
  /// The score of the worst piece of a unigram vocabulary.
  package var leastScore = 0.0
  package var added: [AddedToken] = []
  package var normalizers: [Normalizer] = []
  package var preTokenizers: [PreTokenizer] = []
  /// A word that is a token is taken whole, before any merge.
  package var ignoresMerges = false
  package var unknown: Int32?
  /// Neighbouring unknown characters become one token.
  package var fusesUnknown = false
  /// Whether "▁" decodes to a space.
  package var decodesMetaspace = false
  package var stripsLeadingSpace = false

  /// The id of each spelling; of equal spellings the first.
  func ids() -> [PieceKey: Int32] {
    var ids: [PieceKey: Int32] = [:]
    ids.reserveCapacity(pieces.count)
    for (id, piece) in pieces.enumerated() where !piece.isEmpty {
      let key = PieceKey(piece)
      if ids[key] == nil { ids[key] = Int32(id) }
    }
    return ids
  }
}

/// The tokens `<0x00>` … `<0xFF>` by which SentencePiece spells single bytes.
package enum ByteToken {
  /// The spelling of a byte.
  package static func piece(of byte: UInt8) -> String {
    let digits = String(byte, radix: 16, uppercase: true)
    return "<0x" + (byte < 16 ? "0" : "") + digits + ">"
  }

  /// The byte that a piece spells, or nil where it is no such token.
  package static func byte(of piece: String) -> UInt8? {
    guard piece.utf8.count == 6, piece.hasPrefix("<0x"), piece.hasSuffix(">") else { return nil }
    let digits = piece.dropFirst(3).dropLast()
    return digits.allSatisfy(\.isHexDigit) ? UInt8(digits, radix: 16) : nil
  }
}
