import Foundation

/// Fingerprint of a row, to compare rows without keeping them: a 64-bit hash for each word, in order.
///
/// Words are stretches of letters, digits and the marks on them, after NFKC and without case: rows that differ in
/// spacing, punctuation or capitals alone are the same row. So are a `{text}` row, a `{prompt, completion}` row and a row
/// of turns of the same words: the text that a model has read matters, not its keys, nor what a chat template puts around
/// it. An ideograph or a kana is a word by itself,
/// since nothing separates them. The words of `{input_ids}` rows are their tokens, which equal no word of a text.
package struct RowFingerprint: Sendable, Equatable {
  /// Hash of each word; of a row without words, such as signs alone, one hash of its text.
  package let words: [UInt64]

  package init(_ row: DatasetRow) {
    var hasher = WordHasher()
    let texts: [String]
    switch row {
    case .text, .completion, .conversation: texts = row.texts
    case .tokens(let ids, _):
      words = ids.map { KeyedRandom.mix(UInt64(truncatingIfNeeded: $0) &+ Self.tokenKey) }
      return
    }
    for text in texts { hasher.add(text) }
    words = hasher.words.isEmpty ? [WordHasher.hash(of: texts.joined(separator: "\n"))] : hasher.words
  }

  private static let tokenKey: UInt64 = 0x746F_6B65_6E00_0000

  /// The row's identity: the same for rows of the same words in the same order.
  package var row: UInt64 {
    words.reduce(KeyedRandom.mix(UInt64(words.count))) { KeyedRandom.mix($0 ^ $1) }
  }

  /// Hash of each n-gram of `length` words; none where the row is shorter.
  package func grams(of length: Int) -> [UInt64] {
    guard words.count >= length else { return [] }
    var leaving: UInt64 = 1
    for _ in 0..<length { leaving = leaving &* Self.base }
    var rolling: UInt64 = 0
    var grams: [UInt64] = []
    grams.reserveCapacity(words.count - length + 1)
    for (index, word) in words.enumerated() {
      rolling = rolling &* Self.base &+ word
      if index >= length { rolling = rolling &- words[index - length] &* leaving }
      // The words' hashes are mixed already; `length` keeps n-grams of different lengths apart.
      if index >= length - 1 { grams.append(KeyedRandom.mix(rolling ^ UInt64(length))) }
    }
    return grams
  }

  /// Base of the rolling hash: odd, so that multiplying by it loses no bits.
  private static let base: UInt64 = 0x9E37_79B9_7F4A_7C15
}

/// Texts → the hashes of their words: FNV-1a over the word's UTF-8, then mixed.
private struct WordHasher {
  private(set) var words: [UInt64] = []
  private var state = Self.start
  private var isInWord = false

  private static let start: UInt64 = 0xCBF2_9CE4_8422_2325
  private static let prime: UInt64 = 0x100_0000_01B3

  static func hash(of text: String) -> UInt64 {
    KeyedRandom.mix(text.utf8.reduce(start) { ($0 ^ UInt64($1)) &* prime })
  }

  /// Adds a text's words; a word never goes on in the next text.
  mutating func add(_ text: String) {
    if text.utf8.allSatisfy({ $0 < 0x80 }) {
      // ASCII: the same hashes as below, much faster.
      for byte in text.utf8 { add(byte) }
    } else {
      // Upper case first, so that ß equals SS, and ς equals σ.
      let folded = text.precomposedStringWithCompatibilityMapping.uppercased().lowercased()
      for scalar in folded.unicodeScalars { add(scalar) }
    }
    endWord()
  }

  private mutating func add(_ byte: UInt8) {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): extend(byte)
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): extend(byte | 0x20)
    default: endWord()
    }
  }

  private mutating func add(_ scalar: Unicode.Scalar) {
    let isWhole = scalar.properties.isIdeographic || (0x3041...0x30FF).contains(scalar.value)
    guard Self.belongsToWord(scalar) else { return endWord() }
    if isWhole { endWord() }
    for byte in scalar.utf8 { extend(byte) }
    if isWhole { endWord() }
  }

  private static func belongsToWord(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
      .letterNumber, .otherNumber, .nonspacingMark, .spacingMark, .enclosingMark:
      true
    default: false
    }
  }

  private mutating func extend(_ byte: UInt8) {
    state = (state ^ UInt64(byte)) &* Self.prime
    isInWord = true
  }

  private mutating func endWord() {
    guard isInWord else { return }
    words.append(KeyedRandom.mix(state))
    (state, isInWord) = (Self.start, false)
  }
}
