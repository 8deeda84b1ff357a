/// One row as the model sees it: cut to a sequence, and token by token.
package struct InspectedRow: Encodable, Sendable {
  /// `path/train.jsonl:17`.
  package let place: String
  /// `text`, `completion`, `conversation` or `tokens`.
  package let shape: String
  /// Weight of each supervised token in the mean loss; usually 1.
  package let weight: Float
  /// Text of the tokens, special ones included; empty where there is no tokenizer.
  package let text: String
  /// Token ids, at most a sequence; of a row that is longer, its first sequence.
  package let ids: [Int32]
  /// The vocabulary's spelling of each token; empty where there is no tokenizer.
  package let pieces: [String]
  /// True for each token that the model learns to write; false for the first, which no token precedes.
  package let supervised: [Bool]
  /// BOS tokens that the row begins with: more than one is a fault of the template or the data.
  package let bos: Int
  /// Tokens that are kept of a row longer than a sequence; nil where it fits, goes on in the next sample, or is left out.
  package let cutAt: Int?

  /// EOS tokens among `ids`.
  package let eos: Int
  /// Tokens that do not fit the sequence, and how many of them are supervised: lost, or the next samples.
  package let beyond: Int
  package let supervisedBeyond: Int
  /// The fate of tokens that do not fit.
  package let fate: RowSettings.LongRows

  package init(_ row: EncodedRow, tokenizer: (any Tokenizer)?, sequenceLength: Int) {
    let kept = min(row.sample.length, sequenceLength)
    place = row.place
    shape = row.row.shape
    weight = row.sample.weight
    fate = row.fate
    let ids = Array(row.sample.ids.prefix(kept))
    self.ids = ids
    text = tokenizer?.decode(ids, skipSpecial: false) ?? ""
    pieces = tokenizer.map { tokenizer in ids.map { tokenizer.piece($0) } } ?? []
    let learnt = row.sample.labels.enumerated().map { $0.offset > 0 && $0.element != Sample.ignoredLabel }
    supervised = Array(learnt.prefix(kept))
    supervisedBeyond = learnt.dropFirst(kept).count { $0 }
    beyond = row.sample.length - kept
    cutAt = beyond > 0 && row.fate == .cut ? kept : nil
    let special = tokenizer?.special
    bos = ids.prefix { $0 == special?.bos }.count
    eos = ids.count { special?.eos.contains($0) ?? false }
  }

  /// Tokens that are supervised.
  package var supervisedCount: Int { supervised.count { $0 } }

  private enum CodingKeys: CodingKey {
    case place, shape, weight, text, ids, pieces, supervised, bos, cutAt
  }

  /// Writes every key: `cut_at` of a row that fits is null.
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
