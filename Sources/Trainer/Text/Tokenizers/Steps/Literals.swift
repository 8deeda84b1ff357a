/// Some fixed texts to look for, of which the longest at a place counts.
package struct Literals: Sendable, Equatable {
  /// The longest first.
  package let texts: [String]
  private let trie: ByteTrie

  package init(_ texts: [String]) {
    self.texts = texts.sorted { ($1.utf8.count, $0) < ($0.utf8.count, $1) }
    var trie = ByteTrie()
    for text in texts { trie.insert(text.utf8, 0) }
    self.trie = trie
  }

  /// True where there is no literal.
  package var isEmpty: Bool { texts.isEmpty }

  package static func == (first: Literals, second: Literals) -> Bool {
    first.texts.map(PieceKey.init) == second.texts.map(PieceKey.init)
  }

  /// End of a literal that begins at an offset, or nil where none does.
  func end(in bytes: [UInt8], at offset: Int, before end: Int) -> Int? {
    trie.longestMatch(in: bytes, at: offset, before: end)?.end
  }
}
