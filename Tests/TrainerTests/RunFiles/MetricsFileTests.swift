import Foundation
import Testing

import Trainer

@Suite("metrics.jsonl")
struct MetricsFileTests {
  private func fast(_ text: String) -> MetricsLine? { Data(text.utf8).withUnsafeBytes { MetricsLine(plain: $0) } }

  private func strict(_ text: String) throws -> MetricsLine {
    try Data(text.utf8).withUnsafeBytes { bytes in
      try MetricsLine(try RecordLines.Line(bytes: bytes, path: "m", number: 1, byteOffset: 0).object())
    }
  }

  /// Every value, as text: NaN is the same as NaN.
  private func values(_ line: MetricsLine?) -> String { line.map { "\($0)" } ?? "nil" }

  private static let line =
    #"{"bytes_from_device":0,"bytes_to_device":1099511627776,"learning_rate":1e-07,"loss":2.345678901234567,"#
    + #""name":"qa 快","round":3,"step":41,"supervised_tokens":7,"tokens":1001,"tokens_per_second":1808.9}"#

  @Test("a line that is read and written again is the same bytes, and both ways of reading agree")
  func roundTrip() throws {
    let fixture = try ReportFixture()
    try fixture.remove("metrics.jsonl")
    let line = try #require(fast(Self.line))
    #expect(values(line) == values(try strict(Self.line)))
    #expect(line.loss == 2.345678901234567 && line.learningRate == 1e-7 && line.gradNorm == nil)
    #expect(line.name == "qa 快" && line.step == 41 && line.bytesToDevice == 1 << 40 && line.supervisedTokens == 7)
    try MetricsFile(in: fixture.folder, upTo: 0, ofRound: 1).append(line)
    #expect(try fixture.text("metrics.jsonl") == Self.line + "\n")
    var lines: [String] = []
    try MetricsFile.read(in: fixture.folder) { lines.append(values($0)) }
    #expect(lines == [values(line)])
  }

  @Test("a line of an older run, or of a run whose numbers are not finite, lacks keys")
  func older() throws {
    let line = try #require(fast(#"{"round": 2, "step": 1, "loss": null, "name": null}"#))
    #expect(line.name == "2" && line.loss == nil && line.learningRate.isNaN && line.tokensPerSecond.isNaN)
    #expect(line.tokens == 0 && line.bytesToDevice == 0)
  }

  @Test("a log that is opened again loses the lines beyond a step, and a last one that a crash cut")
  func reopened() throws {
    let fixture = try ReportFixture()
    let whole = try fixture.text("metrics.jsonl")
    try fixture.write(whole + #"{"round": 2, "st"#, "metrics.jsonl")
    _ = try MetricsFile(in: fixture.folder, upTo: 2, ofRound: 2)
    let kept = whole.split(separator: "\n").prefix(6).joined(separator: "\n") + "\n"
    #expect(try fixture.text("metrics.jsonl") == kept)
  }

  @Test(
    "spaces, exponents, null and keys of other versions are plain too",
    arguments: [
      #"{ "round" : 1 , "step":2, "loss": -1.5E+3 }"#, #"{"round": 1, "step": 2, "loss": null, "new": 5, "x": "y"}"#,
      #"{"round": 1, "step": 2, "learning_rate": 0, "grad_norm": 0.5e-2}"#, #"{"round": 0, "step": 0, "name": ""}"#,
    ])
  func plain(text: String) throws {
    #expect(values(fast(text)) == values(try strict(text)))
  }

  @Test(
    "what is not plain is left to the strict parser",
    arguments: [
      #"{"round": 1, "step": 2, "name": "a\"b"}"#, #"{"round": 1, "step": 2, "more": {"a": 1}}"#,
      #"{"round": 1, "step": 2, "flag": true}"#, #"{"round": 1, "step": 2, "step": 3}"#, #"{"round": 1}"#,
      #"{"round": null, "step": 2}"#,
      #"{"round": 1, "step": 2.5}"#, #"{"round": 1, "step": 02}"#, #"{"round": 1, "step": 2"#,
      #"{"round": 1, "step": 2} x"#, #"{"round": 1, "step": 2, "loss": 1.}"#, #"{"round": 1, "step": 2, "loss": nan}"#,
      #"{"round": 1, "step": 2, "loss": "1"}"#, #"{"round": 1, "step": 2, "name": 3}"#, "", "{",
      #"{"round": 1, "step": 2, "loss": 1e999}"#, #"{"round": 1, "step": +2}"#, #"{"round": 1, "step": 2,}"#,
    ])
  func notPlain(text: String) {
    #expect(values(fast(text)) == "nil")
  }
}
