import Foundation
import SwiftProtobuf
import Testing

import Trainer

@Suite("A run's TensorBoard events")
struct RunEventsTests {
  /// All values of a tag: steps, values and times.
  private func scalars(_ tag: String, _ events: [ScalarEvent]) -> [(step: Int64, value: Float, time: Double)] {
    events.flatMap { event in
      event.summary.scalars.filter { $0.tag == tag }.map { (event.step, $0.value, event.wallTime) }
    }
  }

  @Test("steps count over the rounds; what is missing is left out; the times are those of the records")
  func events() throws {
    let fixture = try ReportFixture()
    let events = try EventFileTests.events(try RunEvents(fixture.records()).bytes())
    let loss = scalars("train/loss", events)
    #expect(loss.map(\.step) == [1, 2, 4, 5, 6, 8])
    #expect(loss.map(\.value) == [4, 3, 1, 4, 3, 1])
    #expect(scalars("train/learning_rate", events).map(\.value) == [Float](repeating: 0, count: 8))
    #expect(scalars("train/tokens_per_second", events).map(\.value) == [Float](repeating: 250.5, count: 8))
    // Round 1 took 8 seconds for 4 steps and ended at noon of 2 March 2026.
    let noon = 1_772_452_800.0
    #expect(loss.prefix(3).map(\.time) == [noon - 6, noon - 4, noon])

    // M0, step 2 of round 1, the ends of both rounds.
    let first = scalars("valid/one", events)
    #expect(first.map(\.step) == [0, 2, 4, 8])
    #expect(first.map(\.value) == [4, 3.5, 2, 2.25])
    #expect(scalars("valid/\(ReportFixture.secondName)", events).map(\.step) == [0, 4, 8])
  }

  @Test("a branch, which has no steps before its first round, starts from the row of the round before")
  func branch() throws {
    let fixture = try ReportFixture()
    let lines = (1...4).map { ReportFixture.step(2, ReportFixture.secondName, $0, loss: "1.5") }
    try fixture.write(lines.joined(), "metrics.jsonl")
    let events = try EventFileTests.events(try RunEvents(fixture.records()).bytes())
    #expect(scalars("train/loss", events).map(\.step) == [1, 2, 3, 4])
    let first = scalars("valid/one", events)
    #expect(first.map(\.step) == [0, 4])
    #expect(first.map(\.value) == [2, 2.25])
  }

  @Test("without records, the times are 0")
  func noTimes() throws {
    let fixture = try ReportFixture()
    try fixture.remove("rounds")
    let events = try EventFileTests.events(try RunEvents(fixture.records()).bytes())
    #expect(events.allSatisfy { $0.wallTime == 0 })
    #expect(scalars("train/loss", events).count == 6)
  }
}
