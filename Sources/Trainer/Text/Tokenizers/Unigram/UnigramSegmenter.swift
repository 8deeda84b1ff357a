/// Unigram segmentation: of all the ways to cut a text into pieces, the one whose scores have the greatest sum.
///
/// The Viterbi recurrence over the ends of pieces: the time is linear in the text, times the longest piece.
/// - Source: arXiv:1804.10959 (Kudo 2018), section 3.1.
package struct UnigramSegmenter: Sendable {
  /// A character without a piece costs this much more than the worst piece.
  private static let unknownPenalty = 10.0

  private let trie: ByteTrie
  private let scores: [Double]
  private let unknownScore: Double
  /// The piece that is unknown even where a text spells it.
  private let unknown: Int32?
  /// SentencePiece keeps sums in single precision, Hugging Face in double: where two ways are as good, it matters.
  private let roundsToFloat: Bool

  /// - Parameters:
  ///   - pieces: the spelling of each id; those that no text may become are empty
  ///   - scores: one an id
  ///   - leastScore: the worst score of all pieces
  ///   - unknown: the piece that stands for what has none
  package init(pieces: [String], scores: [Double], leastScore: Double, unknown: Int32? = nil, roundsToFloat: Bool) {
    var trie = ByteTrie()
    for (id, piece) in pieces.enumerated() { trie.insert(piece.utf8, Int32(id)) }
    self.trie = trie
    self.scores = scores
    self.unknown = unknown
    self.roundsToFloat = roundsToFloat
    unknownScore = leastScore - Self.unknownPenalty
  }

  /// The best way to reach an offset of the text.
  private struct End {
    /// Start of its last piece; -1 where none reaches it.
    var start: Int32 = -1
    /// -1 is a character without a piece.
    var id: Int32 = -1
    var score = 0.0
  }

  /// Cuts a word.
  /// - Parameters:
  ///   - word: a range of valid UTF-8
  ///   - body: takes the pieces in order; the id is -1 for a run of characters that no piece spells
  package func forEachPiece(of word: Range<Int>, in bytes: [UInt8], _ body: (Int32, Range<Int>) -> Void) {
    let best = bestEnds(of: word, in: bytes)
    var pieces: [(id: Int32, range: Range<Int>)] = []
    var end = word.count
    while end > 0 {
      let start = Int(best[end].start)
      let range = word.lowerBound + start..<word.lowerBound + end
      if best[end].id < 0, let last = pieces.last, last.id < 0 {
        pieces[pieces.count - 1].range = range.lowerBound..<last.range.upperBound
      } else {
        pieces.append((best[end].id, range))
      }
      end = start
    }
    for piece in pieces.reversed() { body(piece.id, piece.range) }
  }

  private func bestEnds(of word: Range<Int>, in bytes: [UInt8]) -> [End] {
    var best = [End](repeating: End(), count: word.count + 1)
    var start = 0
    while start < word.count {
      let sum = best[start].score
      let characterLength = UTF8Reader.scalar(in: bytes, at: word.lowerBound + start).length
      var hasCharacter = false
      var node: Int32 = 0
      var end = start
      while end < word.count {
        node = trie.child(of: node, bytes[word.lowerBound + end])
        if node < 0 { break }
        end += 1
        let id = trie.number(at: node)
        if id < 0 { continue }
        if end - start == characterLength { hasCharacter = true }
        offer(scores[Int(id)] + sum, id == unknown ? -1 : id, from: start, to: &best[end])
      }
      if !hasCharacter { offer(rounded(unknownScore + sum), -1, from: start, to: &best[start + characterLength]) }
      start += characterLength
    }
    return best
  }

  @inline(__always)
  private func offer(_ score: Double, _ id: Int32, from start: Int, to end: inout End) {
    if end.start >= 0, score <= end.score { return }
    end = End(start: Int32(truncatingIfNeeded: start), id: id, score: rounded(score))
  }

  private func rounded(_ score: Double) -> Double { roundsToFloat ? Double(Float(score)) : score }
}
