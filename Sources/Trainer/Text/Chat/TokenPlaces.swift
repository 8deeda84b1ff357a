/// The bytes of a text that each of its tokens stands for.
struct TokenPlaces {
  /// A range for each token; an empty one for a token that the text does not spell, such as a space put before a word.
  let ranges: [Range<Int>]

  /// - Returns: nil where the tokens do not spell the text, as with a tokenizer that changes letters.
  init?(_ ids: [Int32], of text: [UInt8], _ tokenizer: any Tokenizer) {
    var ranges: [Range<Int>] = []
    ranges.reserveCapacity(ids.count)
    var place = 0
    // BOS that the tokenizer brings is not in the text.
    if let first = ids.first, first == tokenizer.special.bos, !text.starts(with: tokenizer.bytes(of: first)) {
      ranges.append(0..<0)
    }
    for id in ids.dropFirst(ranges.count) {
      let bytes = tokenizer.bytes(of: id)
      if let count = Self.spelled(bytes, text[place...]) {
        ranges.append(place..<place + count)
      } else {
        // A tokenizer may drop white space, as beside some control tokens.
        while place < text.count, Self.isSpace(text[place]) { place += 1 }
        guard let count = Self.spelled(bytes, text[place...]) else { return nil }
        ranges.append(place..<place + count)
      }
      place = ranges[ranges.count - 1].upperBound
    }
    guard text[place...].allSatisfy(Self.isSpace) else { return nil }
    self.ranges = ranges
  }

  /// Bytes of the text's beginning that a token spells: all of its own, or those after a space that was put before
  /// them; nil where the text begins otherwise.
  private static func spelled(_ bytes: [UInt8], _ text: ArraySlice<UInt8>) -> Int? {
    if text.starts(with: bytes) { return bytes.count }
    return bytes.first == 0x20 && text.starts(with: bytes.dropFirst()) ? bytes.count - 1 : nil
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

  /// Tokens of which some byte lies within a span, those across its borders included, as transformers takes them.
  func tokens(within span: Range<Int>) -> Range<Int> {
    let start = ranges.firstIndex {
      $0.upperBound > span.lowerBound || ($0.isEmpty && $0.lowerBound == span.lowerBound)
    }
    guard let start else { return ranges.count..<ranges.count }
    let end = ranges[start...].firstIndex { $0.lowerBound >= span.upperBound } ?? ranges.count
    return start..<end
  }
}
