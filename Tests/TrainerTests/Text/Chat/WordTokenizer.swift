import Trainer

/// A tokenizer of characters, with the special tokens that the templates of the goldens write.
///
/// Ids: the special tokens from 0, the pairs from 50, then code points from 100.
struct WordTokenizer: Tokenizer {
  static let specials = [
    "<s>", "</s>", "<|im_start|>", "<|im_end|>", "<|eot_id|>", "<|end|>", "<end_of_turn>", "<|END_OF_TURN_TOKEN|>",
    "<|end_of_text|>", "<|end▁of▁sentence|>", "<|return|>", "<|call|>",
  ]

  /// Strings of several characters that are one token.
  var pairs: [String] = []

  var special = SpecialTokens(bos: 0, eos: [1], addsBOS: false)
  var chatTemplate: String?
  var vocabularySize: Int { 100 + 0x110000 }
  var stripsLeadingSpace: Bool { false }

  func encodeOrdinary(_ text: String) -> [Int32] {
    var ids: [Int32] = []
    var rest = text.unicodeScalars[...]
    while let scalar = rest.first {
      let index = pairs.firstIndex { rest.starts(with: $0.unicodeScalars) }
      ids.append(index.map { Int32(50 + $0) } ?? Int32(scalar.value) + 100)
      rest = rest.dropFirst(index.map { pairs[$0].unicodeScalars.count } ?? 1)
    }
    return ids
  }

  func encode(_ text: String) -> [Int32] {
    var ids: [Int32] = []
    var ordinary = ""
    var rest = text[...]
    while let character = rest.first {
      guard let index = Self.specials.firstIndex(where: { rest.hasPrefix($0) }) else {
        ordinary.append(character)
        rest = rest.dropFirst()
        continue
      }
      ids += encodeOrdinary(ordinary) + [Int32(index)]
      ordinary = ""
      rest = rest.dropFirst(Self.specials[index].count)
    }
    return ids + encodeOrdinary(ordinary)
  }

  func decode(_ ids: [Int32], skipSpecial: Bool) -> String {
    ids.map { isSpecial($0) && skipSpecial ? "" : piece($0) }.joined()
  }

  func bytes(of id: Int32) -> [UInt8] { Array(piece(id).utf8) }

  func piece(_ id: Int32) -> String {
    if isSpecial(id) { return Self.specials[Int(id)] }
    if pairs.indices.contains(Int(id) - 50) { return pairs[Int(id) - 50] }
    return Unicode.Scalar(UInt32(max(id - 100, 0))).map { String($0) } ?? ""
  }

  func isSpecial(_ id: Int32) -> Bool { Self.specials.indices.contains(Int(id)) }

  /// The texts of supervised tokens that stand together.
  func learnt(_ sample: Sample) -> [String] {
    var texts: [String] = []
    for (index, label) in sample.labels.enumerated() where label != Sample.ignoredLabel {
      if index > 0, sample.labels[index - 1] != Sample.ignoredLabel {
        texts[texts.count - 1] += piece(label)
      } else {
        texts.append(piece(label))
      }
    }
    return texts
  }

  /// The text of the supervised tokens, with `|` for unsupervised tokens between them.
  func supervised(_ sample: Sample) -> String {
    var text = ""
    for (index, label) in sample.labels.enumerated() where label != Sample.ignoredLabel {
      if index > 0, sample.labels[index - 1] == Sample.ignoredLabel, !text.isEmpty { text += "|" }
      text += piece(label)
    }
    return text
  }
}
