/// The merges that a vocabulary of scored pieces implies.
///
/// SentencePiece joins the two neighbours whose joined piece has the highest score. That is byte-pair encoding
/// whose merges are all the splits of each piece into two pieces, ranked by the piece's score. Equal scores do
/// occur (Llama 2 gives every run of spaces -1e9): the split with the longer left side then goes first, which grows
/// a run from its left, as SentencePiece does.
/// - Source: arXiv:1808.06226 (Kudo & Richardson 2018), section 3.1.
package enum ScoredVocabulary {
  /// The merges in order of rank.
  /// - Parameters:
  ///   - pieces: the spelling of each id
  ///   - scores: one a piece
  ///   - takesPart: whether an id is ordinary text: neither a control nor a byte token
  package static func merges(pieces: [String], scores: [Float], takesPart: (Int32) -> Bool) -> [SubwordModel.Merge] {
    var ids: [PieceKey: Int32] = [:]
    ids.reserveCapacity(pieces.count)
    for (index, piece) in pieces.enumerated() where !piece.isEmpty && takesPart(Int32(index)) {
      let key = PieceKey(piece)
      if ids[key] == nil { ids[key] = Int32(index) }
    }
    var splits: [Split] = []
    for (index, piece) in pieces.enumerated() {
      let id = Int32(index)
      let bytes = Array(piece.utf8)
      guard bytes.count > 1, ids[PieceKey(bytes)] == id else { continue }
      var leftLength = 0
      let scalarCount = piece.unicodeScalars.count
      for end in 1..<bytes.count where bytes[end] & 0xC0 != 0x80 {
        leftLength += 1
        guard let left = ids[PieceKey(Array(bytes[..<end]))], let right = ids[PieceKey(Array(bytes[end...]))] else {
          continue
        }
        splits.append(
          Split(
            merge: .init(left: left, right: right, result: id), score: scores[index], leftLength: leftLength,
            rightLength: scalarCount - leftLength))
      }
    }
    return splits.sorted(by: <).map(\.merge)
  }

  private struct Split {
    var merge: SubwordModel.Merge
    var score: Float
    var leftLength: Int
    var rightLength: Int

    static func < (first: Split, second: Split) -> Bool {
      if first.score != second.score { return first.score > second.score }
      if first.leftLength != second.leftLength { return first.leftLength > second.leftLength }
      if first.rightLength != second.rightLength { return first.rightLength > second.rightLength }
      return (first.merge.left, first.merge.right) < (second.merge.left, second.merge.right)
    }
  }
}
