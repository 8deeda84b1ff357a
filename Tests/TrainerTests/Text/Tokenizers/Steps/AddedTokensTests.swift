import Testing

import Trainer

@Suite struct AddedTokensTests {
  private static func find(
    _ tokens: [AddedToken], in text: String, findsSpecial: Bool = true
  ) -> [AddedTokenFinder.Segment] {
    AddedTokenFinder(tokens) { Array($0.content.utf8) }
      .segments(of: Array(text.utf8), isFirst: true, findsSpecial: findsSpecial)
  }

  private static func text(_ text: String, isFirst: Bool = false) -> AddedTokenFinder.Segment {
    .text(Array(text.utf8), isFirst: isFirst)
  }

  @Test func longestOfTheLeftmost() {
    let tokens = [
      AddedToken(id: 1, content: "<a>", isSpecial: true), AddedToken(id: 2, content: "<a>b", isSpecial: true),
    ]
    #expect(Self.find(tokens, in: "x<a>b<a>") == [Self.text("x", isFirst: true), .token(2), .token(1)])
    #expect(Self.find(tokens, in: "<a") == [Self.text("<a", isFirst: true)])
    #expect(Self.find(tokens, in: "") == [])
  }

  @Test func specialTokensCanBeLeftUnfound() {
    let tokens = [
      AddedToken(id: 1, content: "<a>", isSpecial: true), AddedToken(id: 2, content: "  ", isSpecial: false),
    ]
    let found = Self.find(tokens, in: "<a>  ", findsSpecial: false)
    #expect(found == [Self.text("<a>", isFirst: true), .token(2)])
  }

  @Test func whiteSpaceIsTakenAlong() {
    var token = AddedToken(id: 1, content: "<m>", isSpecial: true)
    token.stripsLeft = true
    #expect(Self.find([token], in: "a \u{3000}<m> b") == [Self.text("a", isFirst: true), .token(1), Self.text(" b")])
    #expect(Self.find([token], in: "<m>  <m>") == [.token(1), .token(1)])
    token.stripsLeft = false
    token.stripsRight = true
    #expect(Self.find([token], in: "a <m> \n") == [Self.text("a ", isFirst: true), .token(1)])
  }

  @Test func singleWordsTouchNoWord() {
    var token = AddedToken(id: 1, content: "ing", isSpecial: false)
    token.singleWord = true
    #expect(Self.find([token], in: "sing") == [Self.text("sing", isFirst: true)])
    #expect(Self.find([token], in: "ing_") == [Self.text("ing_", isFirst: true)])
    #expect(Self.find([token], in: "éing") == [Self.text("éing", isFirst: true)])
    #expect(Self.find([token], in: "(ing)") == [Self.text("(", isFirst: true), .token(1), Self.text(")")])
  }

  @Test func normalizedTokensAreFoundAfterNormalizing() throws {
    let added = "," + #"{"id":262,"content":"ǹ","normalized":true,"special":false}"#
    let document = TokenizerFixture.byteLevel(added: added, normalizer: #"{"type":"NFC"}"#)
    #expect(try TokenizerFixture.load(document).encode("n\u{300}he") == [262, 256])
  }
}
