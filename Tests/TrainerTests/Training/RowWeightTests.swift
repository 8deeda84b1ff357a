import Foundation
import TestSupport
import Testing
import Trainer

@Suite("Weights of rows, in training")
struct RowWeightTests {
  /// Twelve rows of which all, or the second of each three, have this weight.
  private static func rows(_ weight: String?, all: Bool, _ fixture: RunFixture) throws -> URL {
    let file = fixture.folder.appending(path: "rows \(weight ?? "none") \(all).jsonl")
    let lines = (0..<12).map { number in
      let own = weight.flatMap { all || number % 3 == 1 ? #", "weight": \#($0)"# : nil } ?? ""
      return #"{"prompt": "row \#(number):", "response": " \#(String(repeating: "!", count: number % 5 + 1))"\#(own)}"#
    }
    try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: file)
    return file
  }

  private static func run(
    _ weight: String?, all: Bool = true, packing: Bool = true, reverse: Double = 0, accumulation: Int = 1,
    on choice: ExecutorChoice
  ) throws -> (weights: Data, lines: [MetricsLine]) {
    let fixture = try RunFixture()
    var settings = RunFixture.settings(steps: 6, saveSteps: 50)
    settings.packing = packing
    settings.gradientAccumulationSteps = accumulation
    (settings.objective.forward, settings.objective.reverse) = (1 - reverse, reverse)
    let train = try rows(weight, all: all, fixture)
    try fixture.run(fixture.recipe(settings: settings, rounds: [("rows", train)]), on: choice.make())
    return (try fixture.weights("01-rows"), try fixture.metrics())
  }

  @Test(
    "where all rows count the same, a half or 1, every bit is that of rows without weights; no byte more goes to the device",
    arguments: [(true, 0.0, 1), (false, 0.5, 2)], TrainerExecutors.all)
  func alike(_ way: (packing: Bool, reverse: Double, accumulation: Int), _ choice: ExecutorChoice) throws {
    let runs = try [nil, "1", "0.5"].map {
      try Self.run($0, packing: way.packing, reverse: way.reverse, accumulation: way.accumulation, on: choice)
    }
    for run in runs.dropFirst() {
      #expect(run.weights == runs[0].weights && run.lines.count == 6)
      #expect(run.lines.map(\.loss) == runs[0].lines.map(\.loss))
      #expect(run.lines.map(\.gradNorm) == runs[0].lines.map(\.gradNorm))
      #expect(run.lines.map(\.bytesToDevice) == runs[0].lines.map(\.bytesToDevice))
    }
  }

  @Test(
    "rows that count unlike change the losses; one that counts nothing is no part of them",
    arguments: TrainerExecutors.all)
  func unlike(_ choice: ExecutorChoice) throws {
    let runs = try [nil, "3", "0"].map { try Self.run($0, all: false, on: choice).lines.map(\.loss) }
    #expect(runs[0] != runs[1] && runs[1] != runs[2] && runs[0] != runs[2])
    let nothing = try Self.run("0", on: choice)
    #expect(nothing.lines.allSatisfy { $0.loss == 0 && $0.gradNorm == 0 && $0.supervisedTokens > 0 })
  }
}
