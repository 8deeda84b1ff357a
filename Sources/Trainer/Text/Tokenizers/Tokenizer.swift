/// Text to token ids and back.
///
/// Ids are those of the model's vocabulary, `0 ..< vocabularySize`; a model may have more rows than that (padding),
/// so every function that takes an id answers for any value of it.
package protocol Tokenizer: Sendable {
  /// One more than the greatest id, added tokens included.
  var vocabularySize: Int { get }

  /// The tokens with a role of their own, and which of them a text gets by itself.
  var special: SpecialTokens { get }

  /// The model's Jinja chat template, as written in its files.
  var chatTemplate: String? { get }

  /// True where decoding drops one space at the very start, which encoding had put there.
  var stripsLeadingSpace: Bool { get }

  /// Ids of a text without the tokens that `special` would add around it; added tokens spelled in the text
  /// are recognised, as with Hugging Face's `encode(add_special_tokens=False)`.
  func encode(_ text: String) -> [Int32]

  /// Ids of a text that a user wrote: like `encode`, but special tokens spelled in it stay ordinary text.
  func encodeOrdinary(_ text: String) -> [Int32]

  /// The text of some ids; bytes that are no UTF-8 become U+FFFD.
  func decode(_ ids: [Int32], skipSpecial: Bool) -> String

  /// The bytes that one id stands for, possibly a part of a character; none for an id out of range.
  func bytes(of id: Int32) -> [UInt8]

  /// The vocabulary's own spelling of one id; empty for an id out of range.
  func piece(_ id: Int32) -> String

  /// True where an id is a special token (control, never ordinary text).
  func isSpecial(_ id: Int32) -> Bool
}

extension Tokenizer {
  /// Ids that begin a text: BOS where this tokenizer adds it.
  package var head: [Int32] { special.addsBOS ? special.bos.map { [$0] } ?? [] : [] }

  /// Ids of a text that is to be continued: BOS before it where this tokenizer adds it, and never EOS after it.
  package func encodePrompt(_ text: String) -> [Int32] { head + encode(text) }

  /// Ids of a text with the tokens that this tokenizer adds by itself: BOS before, EOS after, as its files say.
  package func encodeWithSpecialTokens(_ text: String) -> [Int32] {
    var ids = encodePrompt(text)
    if special.addsEOS, let eos = special.eos.first { ids.append(eos) }
    return ids
  }
}
