import Foundation
import Testing

import Trainer

@Suite("A line of metrics.jsonl")
struct StepLineTests {
  private func fast(_ text: String) -> StepLine? { Data(text.utf8).withUnsafeBytes { StepLine($0) } }

  private func strict(_ text: String) throws -> StepLine {
    try Data(text.utf8).withUnsafeBytes { bytes in
      try StepLine(try RecordLines.Line(bytes: bytes, path: "m", number: 1, byteOffset: 0).object())
    }
  }

  @Test("what a run writes is read as the strict parser reads it")
  func agrees() throws {
    let metrics = try JSONDecoder().decode(
      MetricsLine.self,
      from: Data(
        """
        {"round": 3, "name": "qa 快", "step": 41, "loss": 2.345678901234567, "learningRate": 1e-7, "gradNorm": null,
        "tokens": 1001, "supervisedTokens": 7, "tokensPerSecond": 1808.9, "bytesToDevice": \(1 << 40),
        "bytesFromDevice": 0}
        """.utf8))
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    let text = String(decoding: try encoder.encode(metrics), as: UTF8.self)
    let found = try #require(fast(text))
    #expect(found == (try strict(text)))
    #expect(found.loss == metrics.loss && found.learningRate == 1e-7 && found.gradientNorm == nil)
    #expect(found.name == "qa 快" && found.step == 41 && found.bytesToDevice == 1 << 40)
  }

  @Test(
    "spaces, exponents, null and keys of other versions are plain too",
    arguments: [
      #"{ "round" : 1 , "step":2, "loss": -1.5E+3 }"#, #"{"round": 1, "step": 2, "loss": null, "new": 5, "x": "y"}"#,
      #"{"round": 1, "step": 2, "learning_rate": 0, "grad_norm": 0.5e-2}"#,
    ])
  func plain(text: String) throws {
    #expect(fast(text) == (try strict(text)))
  }

  @Test(
    "what is not plain is left to the strict parser",
    arguments: [
      #"{"round": 1, "step": 2, "name": "a\"b"}"#, #"{"round": 1, "step": 2, "more": {"a": 1}}"#,
      #"{"round": 1, "step": 2, "flag": true}"#, #"{"round": 1, "step": 2, "step": 3}"#, #"{"round": 1}"#,
      #"{"round": 1, "step": 2.5}"#, #"{"round": 1, "step": 02}"#, #"{"round": 1, "step": 2"#,
      #"{"round": 1, "step": 2} x"#, #"{"round": 1, "step": 2, "loss": 1.}"#, #"{"round": 1, "step": 2, "loss": nan}"#,
      #"{"round": 1, "step": 2, "loss": "1"}"#, #"{"round": 1, "step": 2, "name": 3}"#, "", "{",
      #"{"round": 1, "step": 2, "loss": 1e999}"#, #"{"round": 1, "step": +2}"#, #"{"round": 1, "step": 2,}"#,
    ])
  func notPlain(text: String) {
    #expect(fast(text) == nil)
  }
}
