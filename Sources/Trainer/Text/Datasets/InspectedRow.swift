/// One row as the model sees it: cut to a sequence, and token by token.
package struct InspectedRow: Encodable, Sendable {
  /// `path/train.jsonl:17`.
  package let place: String
  /// `text`, `completion`, `conversation` or `tokens`.
  package let shape: String
  /// What each supervised token counts in the loss, beside 1.
  package let weight: Float
  /// The text of the tokens, special ones included; empty where there is no tokenizer.
  package let text: String
  /// At most a sequence of them; of a document, those of its first.
  package let ids: [Int32]
  /// The vocabulary's spelling of each token; none where there is no tokenizer.
  package let pieces: [String]
  /// Of each token, whether the model learns to write it. The first is never: nothing stands before it.
  package let supervised: [Bool]
  /// BOS tokens that the row begins with: more than one is a fault of the template or the data.
  package let bos: Int
  /// Where the row is cut: the tokens that are kept of a longer one.
  package let cutAt: Int?

  /// EOS tokens anywhere.
  package let eos: Int
  /// Tokens that do not fit the sequence, and how many of them are supervised: lost, or a document's next samples.
  package let beyond: Int
  package let supervisedBeyond: Int
  /// Whether what does not fit goes on in the next sample.
  package let isDocument: Bool

  package init(_ row: EncodedRow, tokenizer: (any Tokenizer)?, sequenceLength: Int) {
    let kept = min(row.sample.length, sequenceLength)
    place = row.place
    shape = row.row.shape
    weight = row.sample.weight
    isDocument = row.isDocument
    let ids = Array(row.sample.ids.prefix(kept))
    self.ids = ids
    text = tokenizer?.decode(ids, skipSpecial: false) ?? ""
    pieces = tokenizer.map { tokenizer in ids.map { tokenizer.piece($0) } } ?? []
    let learnt = row.sample.labels.enumerated().map { $0.offset > 0 && $0.element != Sample.ignoredLabel }
    supervised = Array(learnt.prefix(kept))
    supervisedBeyond = learnt.dropFirst(kept).count { $0 }
    beyond = row.sample.length - kept
    cutAt = beyond > 0 && !row.isDocument ? kept : nil
    let special = tokenizer?.special
    bos = ids.prefix { $0 == special?.bos }.count
    eos = ids.count { special?.eos.contains($0) ?? false }
  }

  /// Tokens that are supervised.
  package var supervisedCount: Int { supervised.count { $0 } }

  private enum CodingKeys: CodingKey {
    case place, shape, weight, text, ids, pieces, supervised, bos, cutAt
  }

  /// Every key is there: `cut_at` of a row that fits is null.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(place, forKey: .place)
    try container.encode(shape, forKey: .shape)
    try container.encode(weight, forKey: .weight)
    try container.encode(text, forKey: .text)
    try container.encode(ids, forKey: .ids)
    try container.encode(pieces, forKey: .pieces)
    try container.encode(supervised, forKey: .supervised)
    try container.encode(bos, forKey: .bos)
    try container.encode(cutAt, forKey: .cutAt)
  }
}
