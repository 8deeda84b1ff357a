import Testing

import Trainer

@Suite struct LiteralsTests {
  @Test func theLongestStandsFirst() {
    #expect(Literals(["a", "ccc", "bb"]).texts == ["ccc", "bb", "a"])
    #expect(Literals([]).isEmpty)
  }

  @Test func equalityIsByBytes() {
    #expect(Literals(["é"]) != Literals(["e\u{301}"]))
    #expect(Literals(["a", "b"]) == Literals(["b", "a"]))
  }
}
