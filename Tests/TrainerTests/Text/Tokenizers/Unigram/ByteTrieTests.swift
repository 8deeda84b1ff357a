import Testing

import Trainer

@Suite struct ByteTrieTests {
  private static func match(_ keys: [String], _ text: String, at start: Int = 0) -> [Int]? {
    var trie = ByteTrie()
    for (index, key) in keys.enumerated() { trie.insert(key.utf8, Int32(index)) }
    let bytes = Array(text.utf8)
    return trie.longestMatch(in: bytes, at: start, before: bytes.count).map { [Int($0.number), $0.end] }
  }

  @Test func theLongestKeyWins() {
    #expect(Self.match(["a", "abc", "ab"], "abcd") == [1, 3])
    #expect(Self.match(["a", "abc", "ab"], "abd") == [2, 2])
    #expect(Self.match(["a", "abc"], "xabc", at: 1) == [1, 4])
    #expect(Self.match(["abc"], "ab") == nil)
  }

  @Test func nothingIsFoundInAnEmptyTrie() {
    #expect(ByteTrie().isEmpty)
    #expect(Self.match([""], "a") == nil)
    #expect(Self.match(["a"], "") == nil)
  }

  @Test func theLastOfEqualKeysCounts() {
    #expect(Self.match(["é", "é"], "é") == [1, 2])
  }
}
