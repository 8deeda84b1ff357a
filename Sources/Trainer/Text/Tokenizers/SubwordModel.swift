/// A vocabulary of pieces and its rules, before it is prepared for speed: the content of `tokenizer.json`.
package struct SubwordModel: Sendable {
  /// The way in which a word becomes pieces.
  package enum Algorithm: Sendable, Equatable {
    /// The merges, in their order.
    case bytePair
    /// The pieces with the greatest sum of scores.
    case unigram(roundsToFloat: Bool)
  }

  /// The symbols in which texts are spelled before they become pieces.
  package enum Alphabet: Sendable, Equatable {
    /// Bytes, spelled in `ByteAlphabet`.
    case bytes
    /// Characters; one that has no token is spelled in bytes by the tokens `<0x00>` … where `byteFallback` is set.
    case characters(byteFallback: Bool)
  }

  /// Two pieces that become a third.
  package struct Merge: Sendable, Equatable {
    /// Id of the left piece.
    package var left: Int32
    /// Id of the right piece.
    package var right: Int32
    /// Id of the piece that the two become.
    package var result: Int32

    package init(left: Int32, right: Int32, result: Int32) {
      self.left = left
      self.right = right
      self.result = result
    }
  }

  /// The vocabulary's spelling of each id; empty where an id is unused.
  package var pieces: [String]
  /// The way in which a word becomes pieces.
  package var algorithm = Algorithm.bytePair
  /// The symbols in which texts are spelled.
  package var alphabet: Alphabet
  /// The merges in order of rank.
  package var merges: [Merge]
  /// The score of each piece, where the vocabulary came with scores: higher merges first.
  package var scores: [Double]?
  /// Pieces that no text may become, though they are no added tokens: bytes and unused ones of a unigram vocabulary.
  package var unspoken: Set<Int32> = []
  /// The score of the worst piece of a unigram vocabulary.
  package var leastScore = 0.0
  /// Tokens that are looked for in the text itself.
  package var added: [AddedToken] = []
  /// Changes to a text before it is cut, in their order.
  package var normalizers: [Normalizer] = []
  /// Cuts of a text into words, in their order.
  package var preTokenizers: [PreTokenizer] = []
  /// True where a word that is a token is taken whole, before any merge.
  package var ignoresMerges = false
  /// Id of the token for characters that have none.
  package var unknown: Int32?
  /// True where neighbouring unknown characters become one token.
  package var fusesUnknown = false
  /// True where "▁" decodes to a space.
  package var decodesMetaspace = false
  /// Replacements in the spelling of each piece as it is decoded, in their order; empty where "▁" alone is replaced.
  package var decoding: [Normalizer] = []
  /// True where decoding drops one space at the very start.
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
