/// A vocabulary laid out for lookups.
struct SubwordTables {
  /// Spelling of each id, added tokens included.
  private(set) var pieces: [String]
  /// The bytes that each id decodes to.
  private(set) var pieceBytes: [[UInt8]] = []
  /// The ids that spell a single byte by its number.
  private(set) var fallbackBytes: [Int32: UInt8] = [:]
  /// The token of each byte, -1 where there is none.
  private(set) var byteIDs = [Int32](repeating: -1, count: 256)
  /// The token of each character.
  private(set) var characterIDs = CharacterTable()
  /// The tokens that are taken whole where a word is one of them.
  private(set) var words = ByteTrie()
  private(set) var merges: PairTable

  init(_ model: SubwordModel) {
    pieces = model.pieces
    merges = PairTable(capacity: model.merges.count)
    let greatest = model.added.map { Int($0.id) }.max() ?? -1
    if greatest >= pieces.count { pieces += Array(repeating: "", count: greatest + 1 - pieces.count) }
    for (rank, merge) in model.merges.enumerated() {
      merges.insert(merge.left, merge.right, .init(rank: Int32(clamping: rank), id: merge.result))
    }
    pieceBytes.reserveCapacity(pieces.count)
    for (index, piece) in pieces.enumerated() {
      let id = Int32(index)
      switch model.alphabet {
      case .bytes: addBytePiece(piece, id, keepsWords: model.ignoresMerges)
      case .characters(let byteFallback):
        addCharacterPiece(piece, id, byteFallback: byteFallback, model: model)
      }
    }
    for token in model.added {
      pieces[Int(token.id)] = token.content
      pieceBytes[Int(token.id)] = Array(token.content.utf8)
      fallbackBytes[token.id] = nil
    }
  }

  private mutating func addBytePiece(_ piece: String, _ id: Int32, keepsWords: Bool) {
    // A piece outside the alphabet can be decoded as it stands but never arises from a text.
    guard let bytes = ByteAlphabet.bytes(of: piece) else {
      pieceBytes.append(Array(piece.utf8))
      return
    }
    pieceBytes.append(bytes)
    if bytes.count == 1, let byte = bytes.first, byteIDs[Int(byte)] < 0 { byteIDs[Int(byte)] = id }
    if keepsWords { addWord(bytes, id) }
  }

  private mutating func addCharacterPiece(_ piece: String, _ id: Int32, byteFallback: Bool, model: SubwordModel) {
    if byteFallback, let byte = ByteToken.byte(of: piece) {
      pieceBytes.append([byte])
      fallbackBytes[id] = byte
      if byteIDs[Int(byte)] < 0 { byteIDs[Int(byte)] = id }
      return
    }
    let bytes = Array(piece.utf8)
    let spoken =
      model.decoding.isEmpty && model.decodesMetaspace
      ? [Normalizer.replace(Metaspace.text, with: " ")] : model.decoding
    pieceBytes.append(spoken.reduce(bytes) { $1.apply(to: $0) })
    let scalars = piece.unicodeScalars
    if scalars.count == 1, let scalar = scalars.first, characterIDs[scalar] < 0 { characterIDs[scalar] = id }
    if model.ignoresMerges { addWord(bytes, id) }
  }

  /// Adds a word; the first of equal words counts.
  private mutating func addWord(_ bytes: [UInt8], _ id: Int32) {
    if words.number(of: bytes[...]) < 0 { words.insert(bytes, id) }
  }

  /// The places where texts fall apart into stretches that merge for themselves.
  func boundaries(_ model: SubwordModel) -> MergeBoundaries {
    let symbols = byteIDs + characterIDs.ids + [model.unknown ?? -1]
    return MergeBoundaries(model.merges, symbols: symbols, idCount: pieces.count)
  }
}

/// The token of each character: an array where most characters lie, a dictionary beyond.
struct CharacterTable: Sendable {
  private var low: [Int32] = []
  private var high: [UInt32: Int32] = [:]

  /// -1 where there is no token.
  subscript(scalar: Unicode.Scalar) -> Int32 {
    get {
      if scalar.value < UInt32(low.count) { return low[Int(scalar.value)] }
      return high.isEmpty ? -1 : high[scalar.value] ?? -1
    }
    set {
      guard scalar.value < 0x10000 else { return high[scalar.value] = newValue }
      let missing = Int(scalar.value) + 1 - low.count
      if missing > 0 { low += Array(repeating: -1, count: missing) }
      low[Int(scalar.value)] = newValue
    }
  }

  /// All tokens in it.
  var ids: [Int32] { low.filter { $0 >= 0 } + high.values }
}
