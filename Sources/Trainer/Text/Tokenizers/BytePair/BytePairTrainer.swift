/// Learns byte-level BPE: joins the pair of neighbours that occurs most often, again and again.
///
/// Words are GPT-2's and each distinct word is kept once, with its count. A merge visits the words that hold its pair
/// and no others, and corrects the counts of the pairs beside it, so the time is nearly linear in the distinct words.
/// If pairs occur equally often, the one with the lower ids goes first, so the same texts give the same
/// vocabulary, in whatever order they come.
/// - Source: arXiv:1508.07909 (Sennrich et al. 2016), section 3.2.
package struct BytePairTrainer {
  /// The merges and pieces that were learned.
  package struct Result: Sendable {
    /// Left and right side of each merge, in order; a symbol below 256 is the byte of that place in `alphabet`.
    package fileprivate(set) var merges: [BytePairTrainer.Pair] = []
    /// The bytes of each symbol.
    package fileprivate(set) var pieces: [[UInt8]]
    /// True where no pair was left that occurs often enough, before all symbols were learned.
    package fileprivate(set) var endedEarly = false
  }

  /// Two neighbours and the symbol that they become.
  package struct Pair: Sendable, Equatable {
    package var left: Int32
    package var right: Int32
    package var result: Int32
  }

  /// The bytes in the order of their stand-ins, which is the order of symbols and breaks ties.
  package static let alphabet: [UInt8] = (UInt8.min...UInt8.max).sorted {
    ByteAlphabet.scalars[Int($0)] < ByteAlphabet.scalars[Int($1)]
  }

  private var wordIndices: [PieceKey: Int] = [:]
  private var words: [[UInt8]] = []
  private var wordCounts: [Int] = []

  package init() {}

  /// Counts the words of a text.
  package mutating func add(_ text: String) {
    let bytes = Array(text.utf8)
    let scanner = WordScanner(bytes, end: bytes.count)
    var start = 0
    while start < bytes.count {
      let end = scanner.gpt2WordEnd(from: start)
      let word = PieceKey(Array(bytes[start..<end]))
      start = end
      if let index = wordIndices[word] {
        wordCounts[index] += 1
      } else {
        wordIndices[word] = words.count
        words.append(word.bytes)
        wordCounts.append(1)
      }
    }
  }

  /// Learns until there are so many symbols, or no pair occurs often enough any more.
  /// - Parameters:
  ///   - symbolCount: bytes included
  ///   - leastCount: how often a pair must occur to be joined
  ///   - forbidden: spellings that no symbol may have, in `ByteAlphabet`
  package func learn(symbolCount: Int, leastCount: Int, forbidden: Set<String> = []) -> Result {
    var symbolOfByte = [Int32](repeating: 0, count: 256)
    for (symbol, byte) in Self.alphabet.enumerated() { symbolOfByte[Int(byte)] = Int32(symbol) }
    var result = Result(pieces: Self.alphabet.map { [$0] })
    var symbolOfPiece: [PieceKey: Int32] = [:]
    for (symbol, piece) in result.pieces.enumerated() { symbolOfPiece[PieceKey(piece)] = Int32(symbol) }
    var counts = PairCounts(words: words.map { $0.map { symbolOfByte[Int($0)] } }, wordCounts: wordCounts)
    while result.pieces.count < symbolCount {
      guard let (left, right) = counts.popMostFrequent(atLeast: max(leastCount, 1)) else {
        result.endedEarly = true
        return result
      }
      let piece = result.pieces[Int(left)] + result.pieces[Int(right)]
      if !forbidden.isEmpty, forbidden.contains(ByteAlphabet.piece(of: piece)) { continue }
      // The same piece may come about from other halves; it is one symbol then.
      let symbol = symbolOfPiece[PieceKey(piece)] ?? Int32(result.pieces.count)
      if Int(symbol) == result.pieces.count {
        symbolOfPiece[PieceKey(piece)] = symbol
        result.pieces.append(piece)
      }
      result.merges.append(Pair(left: left, right: right, result: symbol))
      counts.merge(left, right, into: symbol)
    }
    return result
  }
}
