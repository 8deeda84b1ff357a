/// A token that is found in the text itself, before anything else looks at it.
package struct AddedToken: Sendable, Equatable {
  /// The token's id.
  package var id: Int32
  /// The text that the token is found by.
  package var content: String
  /// A control token: hidden by `skipSpecial`, and never found in what a user wrote.
  package var isSpecial: Bool
  /// Found only where no word character touches it.
  package var singleWord: Bool
  /// Takes the white space before it.
  package var stripsLeft: Bool
  /// Takes the white space after it.
  package var stripsRight: Bool
  /// Looked for after normalization, in its normalized form.
  package var isNormalized: Bool

  package init(
    id: Int32, content: String, isSpecial: Bool, singleWord: Bool = false, stripsLeft: Bool = false,
    stripsRight: Bool = false, isNormalized: Bool = false
  ) {
    self.id = id
    self.content = content
    self.isSpecial = isSpecial
    self.singleWord = singleWord
    self.stripsLeft = stripsLeft
    self.stripsRight = stripsRight
    self.isNormalized = isNormalized
  }
}

/// Finds added tokens in texts: the leftmost first, and of those the longest, by a trie of their bytes.
package struct AddedTokenFinder: Sendable {
  /// A piece of the text: a token, or the bytes between two tokens.
  package enum Segment: Equatable {
    case token(Int32)
    case text([UInt8], isFirst: Bool)
  }

  private let tokens: [AddedToken]
  /// Leads to an index in `tokens`.
  private var trie = ByteTrie()

  /// - Parameter spell: the bytes under which a token is looked for
  package init(_ tokens: [AddedToken], spell: (AddedToken) -> [UInt8]) {
    self.tokens = tokens
    for (index, token) in tokens.enumerated() { trie.insert(spell(token), Int32(index)) }
  }

  /// Cuts a text at the tokens in it.
  /// - Parameters:
  ///   - bytes: valid UTF-8
  ///   - isFirst: whether the text stands at the very beginning of what is encoded
  ///   - findsSpecial: whether control tokens are found as well
  package func segments(of bytes: [UInt8], isFirst: Bool, findsSpecial: Bool) -> [Segment] {
    guard !trie.isEmpty else { return bytes.isEmpty ? [] : [.text(bytes, isFirst: isFirst)] }
    var segments: [Segment] = []
    var pending = 0
    var offset = 0
    while offset < bytes.count {
      guard let (index, end) = trie.longestMatch(in: bytes, at: offset, before: bytes.count) else {
        offset += 1
        continue
      }
      let token = tokens[Int(index)]
      var range = offset..<end
      offset = end
      if token.isSpecial, !findsSpecial { continue }
      if token.singleWord, touchesWord(range, in: bytes) { continue }
      if token.stripsRight { range = range.lowerBound..<spaceEnd(after: range.upperBound, in: bytes) }
      if token.stripsLeft {
        let start = max(spaceStart(before: range.lowerBound, in: bytes), pending)
        if start >= range.upperBound { continue }
        range = start..<range.upperBound
      }
      // The white space that one token took may hold another, which then counts as well: so does the reference.
      if pending < range.lowerBound {
        segments.append(.text(Array(bytes[pending..<range.lowerBound]), isFirst: isFirst && pending == 0))
      }
      segments.append(.token(token.id))
      pending = range.upperBound
    }
    if pending < bytes.count {
      segments.append(.text(Array(bytes[pending...]), isFirst: isFirst && pending == 0))
    }
    return segments
  }

  private func touchesWord(_ range: Range<Int>, in bytes: [UInt8]) -> Bool {
    let before = range.lowerBound > 0 ? character(endingAt: range.lowerBound, in: bytes) : nil
    let after = range.upperBound < bytes.count ? ScannedCharacter(bytes, at: range.upperBound) : nil
    return [before, after].contains { $0.map(isWordCharacter) ?? false }
  }

  /// `\w`: letters, marks, decimal digits, connecting punctuation and joiners.
  private func isWordCharacter(_ character: ScannedCharacter) -> Bool {
    let properties = character.scalar.properties
    if properties.isAlphabetic || properties.isJoinControl { return true }
    switch properties.generalCategory {
    case .decimalNumber, .connectorPunctuation, .nonspacingMark, .spacingMark, .enclosingMark: return true
    default: return false
    }
  }

  private func character(endingAt end: Int, in bytes: [UInt8]) -> ScannedCharacter {
    var start = end - 1
    while start > 0, bytes[start] & 0xC0 == 0x80 { start -= 1 }
    return ScannedCharacter(bytes, at: start)
  }

  private func spaceStart(before end: Int, in bytes: [UInt8]) -> Int {
    var start = end
    while start > 0 {
      let previous = character(endingAt: start, in: bytes)
      if previous.characterClass != .space { break }
      start -= previous.length
    }
    return start
  }

  private func spaceEnd(after start: Int, in bytes: [UInt8]) -> Int {
    var end = start
    while end < bytes.count {
      let next = ScannedCharacter(bytes, at: end)
      if next.characterClass != .space { break }
      end += next.length
    }
    return end
  }
}
