/// Turns one word after the other into ids.
enum WordEncoder: Sendable {
  case bytePair(BytePairEncoder)
  case unigram(UnigramEncoder)

  init(_ model: SubwordModel, _ tables: SubwordTables) {
    switch model.algorithm {
    case .bytePair: self = .bytePair(BytePairEncoder(model, tables))
    case .unigram(let roundsToFloat):
      self = .unigram(UnigramEncoder(model, tables, roundsToFloat: roundsToFloat))
    }
  }

  func encode(_ word: Range<Int>, in bytes: [UInt8], into ids: inout [Int32]) {
    switch self {
    case .bytePair(let encoder): encoder.encode(word, in: bytes, into: &ids)
    case .unigram(let encoder): encoder.encode(word, in: bytes, into: &ids)
    }
  }
}

/// Words to ids by merges.
struct BytePairEncoder: Sendable {
  private let alphabet: SubwordModel.Alphabet
  private let unknown: Int32?
  private let fusesUnknown: Bool
  private let merger: BytePairMerger
  /// The token of each byte, -1 where there is none.
  private let byteIDs: [Int32]
  /// The token of each character, where the alphabet is of characters.
  private let characterIDs: CharacterTable
  /// Whole words, only where they go before merges.
  private let words: ByteTrie

  init(_ model: SubwordModel, _ tables: SubwordTables) {
    alphabet = model.alphabet
    unknown = model.unknown
    fusesUnknown = model.fusesUnknown
    merger = BytePairMerger(tables.merges, boundaries: tables.boundaries(model))
    byteIDs = tables.byteIDs
    characterIDs = tables.characterIDs
    words = tables.words
  }

  func encode(_ word: Range<Int>, in bytes: [UInt8], into ids: inout [Int32]) {
    if !words.isEmpty {
      let id = words.number(of: bytes[word])
      if id >= 0 { return ids.append(id) }
    }
    ids += merger.merged(symbols(of: word, in: bytes))
  }

  private func symbols(of word: Range<Int>, in bytes: [UInt8]) -> [Int32] {
    var symbols: [Int32] = []
    symbols.reserveCapacity(word.count)
    guard case .characters(let byteFallback) = alphabet else {
      for byte in bytes[word] { appendKnown(byteIDs[Int(byte)], to: &symbols) }
      return symbols
    }
    var offset = word.lowerBound
    while offset < word.upperBound {
      let (scalar, length) = UTF8Reader.scalar(in: bytes, at: offset)
      let range = offset..<offset + length
      offset = range.upperBound
      let id = characterIDs[scalar]
      if id >= 0 {
        symbols.append(id)
      } else if byteFallback, bytes[range].allSatisfy({ byteIDs[Int($0)] >= 0 }) {
        for byte in bytes[range] { symbols.append(byteIDs[Int(byte)]) }
      } else {
        appendKnown(-1, to: &symbols)
      }
    }
    return symbols
  }

  /// Appends an id, or for -1 the unknown token where there is one; without it the character vanishes, as it does
  /// in the reference.
  private func appendKnown(_ id: Int32, to symbols: inout [Int32]) {
    if id >= 0 {
      symbols.append(id)
    } else if let unknown, !(fusesUnknown && symbols.last == unknown) {
      symbols.append(unknown)
    }
  }
}

/// Words to ids by the best segmentation.
struct UnigramEncoder: Sendable {
  private let segmenter: UnigramSegmenter
  private let unknown: Int32?
  /// Bytes that a text must hold to become the unknown token as it stands; empty where none does.
  private let unknownSpelling: [UInt8]
  /// The token of each byte; empty where bytes do not stand in for characters.
  private let byteIDs: [Int32]

  init(_ model: SubwordModel, _ tables: SubwordTables, roundsToFloat: Bool) {
    let special = Set(model.added.filter(\.isSpecial).map(\.id))
    let pieces = model.pieces.enumerated().map { id, piece in
      special.contains(Int32(id)) || model.unspoken.contains(Int32(id)) ? "" : piece
    }
    segmenter = UnigramSegmenter(
      pieces: pieces, scores: model.scores ?? [], leastScore: model.leastScore, unknown: model.unknown,
      roundsToFloat: roundsToFloat)
    unknown = model.unknown
    unknownSpelling = model.unknown.map { id in Array(pieces.dropFirst(Int(id)).prefix(1).joined().utf8) } ?? []
    byteIDs = model.alphabet == .characters(byteFallback: true) ? tables.byteIDs : []
  }

  func encode(_ word: Range<Int>, in bytes: [UInt8], into ids: inout [Int32]) {
    segmenter.forEachPiece(of: word, in: bytes) { id, range in
      if id >= 0 {
        ids.append(id)
      } else if let unknown, bytes[range].elementsEqual(unknownSpelling) {
        ids.append(unknown)
      } else if !byteIDs.isEmpty, bytes[range].allSatisfy({ byteIDs[Int($0)] >= 0 }) {
        for byte in bytes[range] { ids.append(byteIDs[Int(byte)]) }
      } else if let unknown {
        ids.append(unknown)
      }
    }
  }
}
