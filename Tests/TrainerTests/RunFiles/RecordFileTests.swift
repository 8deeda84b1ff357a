import Foundation
import Testing

import Trainer

@Suite("Files of a run, read and written")
struct RecordFileTests {
  private static let round = """
    {
      "best_step" : 4,
      "datasets" : [
        {
          "cut" : 40,
          "dropped" : 1,
          "name" : "weather",
          "path" : "/data/weather.jsonl",
          "rows" : 41,
          "rows_seen" : 2,
          "sha256" : "93",
          "tokens" : 1280,
          "tokens_seen" : 64
        }
      ],
      "device" : "a device",
      "family" : "panel",
      "final_loss" : 4.665902137756348,
      "finished" : "2026-01-30T11:43:48Z",
      "general" : 4.5,
      "leaks" : 40,
      "loss" : [
        4.25,
        null
      ],
      "name" : "sums",
      "parent" : "01-weather",
      "parent_sha256" : "3b",
      "peak_bytes" : 4575220,
      "planned_bytes" : 4575221,
      "round" : 2,
      "seconds" : 19.217804251,
      "settings" : {
        "adam_epsilon" : 1e-08,
        "lr_scheduler_type" : "cosine",
        "max_forgetting" : null,
        "objective" : {
          "forward" : 1,
          "marker" : null
        },
        "packing" : true,
        "target" : [
          "a",
          0.5
        ]
      },
      "sha256" : "98",
      "steps" : 4,
      "stopped_early" : false,
      "transfer_of_evaluation" : {
        "bytes_from_device" : 1,
        "bytes_to_device" : 2
      },
      "transfer_of_save" : {
        "bytes_from_device" : 3,
        "bytes_to_device" : 4
      }
    }

    """

  @Test("round.json that is read and written again is the same bytes")
  func roundFile() throws {
    let fixture = try ReportFixture()
    let folder = fixture.file("rounds/02-two")
    try fixture.write(Self.round, "rounds/02-two/round.json")
    let file = try #require(try RoundFile.read(in: folder))
    try file.write(in: folder)
    #expect(try fixture.text("rounds/02-two/round.json") == Self.round)
    #expect(file.endDate == Date(timeIntervalSince1970: 1_769_773_428))
    #expect(
      file.settingTexts.map { "\($0.key)=\($0.value)" } == [
        "adam_epsilon=1e-08", "lr_scheduler_type=cosine", "max_forgetting=null", "objective.forward=1",
        "objective.marker=null", "packing=true", "target=[a, 0.5]",
      ])
  }

  @Test("round.json of an older run lacks keys; a value of another kind is named with its byte")
  func olderAndDamagedRound() throws {
    let fixture = try ReportFixture()
    func read(_ text: String) throws -> RoundFile? {
      try fixture.write(text, "rounds/02-two/round.json")
      return try RoundFile.read(in: fixture.file("rounds/02-two"))
    }
    let file = try #require(
      try read(#"{"round": 2, "name": "two", "datasets": [{"name": "a"}], "leaks": [1, 2], "new": 1}"#))
    #expect(file.steps == 0 && file.seconds == 0 && file.device.isEmpty && file.loss.isEmpty && file.leaks == 2)
    #expect(file.datasets.map(\.rowsSeen) == [0] && file.settingTexts.isEmpty && file.plannedBytes == 0)
    for (text, problem) in [
      (#"{"round": 2}"#, "the key \"name\" is missing"),
      (#"{"round": 2, "name": 3}"#, "byte 21: a string was expected for \"name\", found 3"),
      (#"{"round": 2, "name": "a", "stopped_early": 1}"#, "true or false was expected for \"stopped_early\""),
      (#"{"round": 2, "name": "a", "transfer_of_save": 1}"#, "an object was expected, found 1"),
      (#"{"round": 2, "name": "a", "datasets": [{}]}"#, "the key \"name\" is missing"),
      (#"{"round": 2, "name": "a", "loss": [true]}"#, "\"loss\" holds numbers and nulls, found true"),
    ] {
      try fixture.write(text, "rounds/02-two/round.json")
      do throws(FileError) {
        _ = try RoundFile.read(in: fixture.file("rounds/02-two"))
        Issue.record("it was read: \(text)")
      } catch {
        #expect(error.description.contains(problem) && error.remedy == RecordObject.remedy, "\(error)")
      }
    }
  }

  @Test("branch.json that is read and written again is the same bytes")
  func branchFile() throws {
    let fixture = try ReportFixture()
    let text = "{\n  \"from_round\" : 3,\n  \"parent_run\" : \"../..\"\n}\n"
    try fixture.write(text, "branch.json")
    let file = try #require(try BranchFile.read(in: fixture.folder))
    #expect(file.parentRun == "../.." && file.fromRound == 3)
    try file.write(in: fixture.folder)
    #expect(try fixture.text("branch.json") == text)
  }

  @Test("evaluations.jsonl that is read and appended again is the same bytes")
  func evaluationsFile() throws {
    let fixture = try ReportFixture()
    let text = #"{"losses":[3.5,null],"name":"one/a","round":1,"step":2}"#.replacing("/", with: #"\/"#) + "\n"
    try fixture.write(text + #"{"round": 1, "st"#, "evaluations.jsonl")
    var lines: [EvaluationLine] = []
    try EvaluationsFile.read(in: fixture.folder) { lines.append($0) }
    #expect(lines == [EvaluationLine(round: 1, name: "one/a", step: 2, losses: [3.5, nil])])
    try fixture.remove("evaluations.jsonl")
    let log = try EvaluationsFile(in: fixture.folder, upTo: 0, ofRound: 1)
    for line in lines { try log.append(line) }
    #expect(try fixture.text("evaluations.jsonl") == text)
    try fixture.write(#"{"round": 1, "step": 3}"# + "\n", "evaluations.jsonl")
    try EvaluationsFile.read(in: fixture.folder) { #expect($0.name == "1" && $0.losses.isEmpty) }
  }

  @Test("samples.jsonl: a key that lacks is empty, a last line that was cut is passed over; without a file, no samples")
  func samplesFile() throws {
    let fixture = try ReportFixture()
    let text = #"{"completion":"","dataset":"d","prompt":"a/b","reference":"c"}"# + "\n"
    try fixture.write(text + #"{"dataset": "e"}"# + "\n" + #"{"data"#, "samples.jsonl")
    let lines = try SamplesFile.read(in: fixture.folder)
    #expect(lines.map(\.dataset) == ["d", "e"] && lines.map(\.prompt) == ["a/b", ""])
    #expect(lines.map(\.reference) == ["c", nil] && lines.map(\.completion) == ["", ""])
    #expect(try SamplesFile.read(in: fixture.file("rounds")).isEmpty)
  }
}
