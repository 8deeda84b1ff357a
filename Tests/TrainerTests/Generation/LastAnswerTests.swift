import Testing

import Trainer

@Suite("What a row asks")
struct LastAnswerTests {
  private static func sample(_ labels: [Int32]) -> Sample {
    Sample(ids: labels.indices.map { Int32($0) + 10 }, labels: labels)
  }

  @Test("the last supervised run is the answer; all before it is the prompt")
  func conversation() throws {
    let asked = try #require(Self.sample([-100, 11, -100, -100, 14, 15, -100]).lastAnswer)
    #expect(asked.prompt == [10, 11, 12, 13] && asked.answer == [14, 15])
  }

  @Test("of a text, with BOS or without, the second half is asked")
  func text() throws {
    let plain = try #require(Self.sample([10, 11, 12, 13]).lastAnswer)
    #expect(plain.prompt == [10, 11] && plain.answer == [12, 13])
    let withBOS = try #require(Self.sample([-100, 11, 12, 13]).lastAnswer)
    #expect(withBOS.prompt == [10, 11] && withBOS.answer == [12, 13])
  }

  @Test("a row of nothing, and of a single token, asks nothing")
  func nothing() {
    #expect(Self.sample([-100, -100]).lastAnswer == nil)
    #expect(Self.sample([10]).lastAnswer == nil)
  }
}
