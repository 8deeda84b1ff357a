import Trainer

/// A tokenizer of characters, with a few special tokens spelled as in ChatML and Llama 2.
///
/// Ids: the special tokens from 0, then code points from 100.
struct WordTokenizer: Tokenizer {
  static let specials = ["<s>", "</s>", "<|im_start|>", "<|im_end|>", "<|eot_id|>"]

  var special = SpecialTokens(bos: 0, eos: [1], addsBOS: false)
  var chatTemplate: String?
  var vocabularySize: Int { 100 + 0x110000 }
  var stripsLeadingSpace: Bool { false }

  func encodeOrdinary(_ text: String) -> [Int32] { text.unicodeScalars.map { Int32($0.value) + 100 } }

  func encode(_ text: String) -> [Int32] {
    var ids: [Int32] = []
    var rest = text[...]
    while let character = rest.first {
      if let index = Self.specials.firstIndex(where: { rest.hasPrefix($0) }) {
        ids.append(Int32(index))
        rest = rest.dropFirst(Self.specials[index].count)
      } else {
        ids += encodeOrdinary(String(character))
        rest = rest.dropFirst()
      }
    }
    return ids
  }

  func decode(_ ids: [Int32], skipSpecial: Bool) -> String {
    ids.map { isSpecial($0) && skipSpecial ? "" : piece($0) }.joined()
  }

  func bytes(of id: Int32) -> [UInt8] { Array(piece(id).utf8) }

  func piece(_ id: Int32) -> String {
    if isSpecial(id) { return Self.specials[Int(id)] }
    return Unicode.Scalar(UInt32(max(id - 100, 0))).map { String($0) } ?? ""
  }

  func isSpecial(_ id: Int32) -> Bool { Self.specials.indices.contains(Int(id)) }

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
