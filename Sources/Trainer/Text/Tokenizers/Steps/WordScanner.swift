/// Cuts a text into words exactly as the published split patterns do, in one pass and without a regex engine.
///
/// A pattern is an alternation whose first matching branch wins; each function below is one pattern, its branches
/// in the pattern's order. Every character falls into some branch, so the words cover the text.
package struct WordScanner {
  private let bytes: [UInt8]
  /// End of the text: a pattern's look-ahead sees nothing beyond it.
  private let end: Int

  /// - Parameters:
  ///   - bytes: valid UTF-8
  ///   - end: the offset, at a character's beginning, where the text ends
  package init(_ bytes: [UInt8], end: Int) {
    self.bytes = bytes
    self.end = end
  }

  /// End of the word that begins at `start`, by GPT-2's pattern:
  /// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
  package func gpt2WordEnd(from start: Int) -> Int {
    if let contraction = contractionEnd(from: start, ignoringCase: false) { return contraction }
    let first = character(start)
    let afterSpace = start + 1
    if bytes[start] == 0x20, afterSpace < end {
      let second = character(afterSpace)
      if second.characterClass != .space { return runEnd(from: afterSpace, of: second.characterClass) }
    } else if first.characterClass != .space {
      return runEnd(from: start, of: first.characterClass)
    }
    return spaceEnd(from: start)
  }

  /// End of the word that begins at `start`, by Llama 3's pattern, where a number has at most `digits` digits:
  /// `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,digits}| ?[^\s\p{L}\p{N}]+[\r\n]*|`
  /// `\s*[\r\n]+|\s+(?!\S)|\s+`
  package func llama3WordEnd(from start: Int, digits: Int) -> Int {
    if let contraction = contractionEnd(from: start, ignoringCase: true) { return contraction }
    let first = character(start)
    if first.characterClass == .letter { return runEnd(from: start, of: .letter) }
    if first.characterClass == .number { return runEnd(from: start, of: .number, atMost: digits) }
    let second = start + first.length
    if !first.isNewline, second < end, character(second).characterClass == .letter {
      return runEnd(from: second, of: .letter)
    }
    let symbols = bytes[start] == 0x20 ? second : start
    if symbols < end, character(symbols).characterClass == .other {
      return newlinesEnd(from: runEnd(from: symbols, of: .other))
    }
    // `\s*` takes the whole run and gives back only as far as its last newline.
    let run = runEnd(from: start, of: .space)
    if let newline = bytes[start..<run].lastIndex(where: { $0 == 0x0A || $0 == 0x0D }) { return newline + 1 }
    return spaceEnd(from: start)
  }

  private func character(_ offset: Int) -> ScannedCharacter { ScannedCharacter(bytes, at: offset) }

  private func runEnd(from start: Int, of characterClass: CharacterClass, atMost limit: Int = .max) -> Int {
    var offset = start
    var count = 0
    while offset < end, count < limit {
      let next = character(offset)
      if next.characterClass != characterClass { break }
      offset += next.length
      count += 1
    }
    return offset
  }

  private func newlinesEnd(from start: Int) -> Int {
    var offset = start
    while offset < end, bytes[offset] == 0x0A || bytes[offset] == 0x0D { offset += 1 }
    return offset
  }

  /// `\s+(?!\S)|\s+`: before a word, a run of spaces leaves its last one to that word.
  private func spaceEnd(from start: Int) -> Int {
    var offset = start
    var last = start
    while offset < end {
      let next = character(offset)
      if next.characterClass != .space { break }
      last = offset
      offset += next.length
    }
    return offset < end && last > start ? last : offset
  }

  private func contractionEnd(from start: Int, ignoringCase: Bool) -> Int? {
    guard bytes[start] == 0x27, start + 1 < end else { return nil }
    // U+017F, the long s, folds to "s".
    if ignoringCase, start + 2 < end, bytes[start + 1] == 0xC5, bytes[start + 2] == 0xBF { return start + 3 }
    switch (letter(start + 1, ignoringCase), letter(start + 2, ignoringCase)) {
    case (UInt8(ascii: "s"), _), (UInt8(ascii: "t"), _), (UInt8(ascii: "m"), _), (UInt8(ascii: "d"), _):
      return start + 2
    case (UInt8(ascii: "r"), UInt8(ascii: "e")), (UInt8(ascii: "v"), UInt8(ascii: "e")),
      (UInt8(ascii: "l"), UInt8(ascii: "l")):
      return start + 3
    default: return nil
    }
  }

  private func letter(_ offset: Int, _ ignoringCase: Bool) -> UInt8 {
    guard offset < end else { return 0 }
    let byte = bytes[offset]
    return ignoringCase && (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
  }
}
