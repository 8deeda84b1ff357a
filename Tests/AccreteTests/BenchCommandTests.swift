import Foundation
import TestSupport
import Testing

extension CommandTests {
  /// `accrete bench`: its output, its refusals, and the comparison of two runs.
  @Suite("bench")
  struct BenchCommandTests {
    private static func saved(_ milliseconds: Double) -> String {
      """
      {"date":"2026-11-26T00:00:00Z","device":"d","driver":"1","peak_gbps":1,"peak_gflops":1,"rows":[{"dtype":"f32",\
      "kernel":"matmul","family":"panel","shape":"1x1x1 NT","milliseconds":\(milliseconds),"runs":3}]}
      """
    }

    @Test(
      "one object: the peaks, and each row a fraction of them",
      .enabled(if: OpenCLDevices.arePresent, "\(OpenCLDevices.absence)"))
    func json() throws {
      let outcome = try AccreteProcess.run(["bench", "softmax", "device", "--shapes", "33x65x17", "--quick", "--json"])
      #expect(outcome.code == 0, "\(outcome.errors)")
      let object = try outcome.json()
      #expect(object["peak_gflops"] as? Double ?? 0 > 0 && object["peak_gbps"] as? Double ?? 0 > 0)
      let rows = try #require(object["rows"] as? [[String: Any]])
      let names = rows.compactMap { $0["kernel"] as? String }
      #expect(names == ["matmul", "matmul", "softmax", "transfer_to_device", "transfer_from_device", "launch"])
      for key in ["milliseconds", "gflops", "gbps", "fraction_of_peak"] { #expect(rows[0][key] as? Double ?? 0 > 0) }
      #expect(rows[0]["shape"] as? String == "33x65x17 NT" && rows[0]["dtype"] as? String == "f32")
      #expect(rows[1]["dtype"] as? String == "bf16")
      #expect(rows.allSatisfy { Set($0.keys) == Set(rows[0].keys) } && rows[5]["gflops"] is NSNull)
    }

    @Test("comma-separated values", .enabled(if: OpenCLDevices.arePresent, "\(OpenCLDevices.absence)"))
    func csv() throws {
      let outcome = try AccreteProcess.run(["bench", "--shapes", "8x8x8:nn,8x8x8:tt", "--quick", "--csv"])
      #expect(outcome.code == 0, "\(outcome.errors)")
      let lines = outcome.output.split(separator: "\n")
      #expect(lines.count == 5 && Set(lines.map { $0.count { $0 == "," } }) == [12], "\(outcome.output)")
    }

    @Test("a word that is no kernel, and a shape that is none, are refused with the remedy")
    func refusals() throws {
      let kernel = try AccreteProcess.run(["bench", "matmull"])
      #expect(kernel.code == 64 && kernel.errorLines.first?.contains("the nearest is 'matmul'") == true)
      let shape = try AccreteProcess.run(["bench", "--shapes", "8x8"])
      #expect(shape.code == 64 && shape.errorLines.first?.contains("'8x8' is no shape MxNxK") == true)
      #expect(try AccreteProcess.run(["bench", "--json", "--csv"]).code == 64)
      let absent = try AccreteProcess.run(["bench", "--quick", "--device", "cpu"])
      #expect(absent.code == 69 && absent.errorLines.count == 1)
    }

    @Test("compare fails beyond its threshold, and on files that are no runs")
    func compare() throws {
      let fixture = try CommandFixture()
      try fixture.write(Self.saved(10), "before.json")
      try fixture.write(Self.saved(11.5), "after.json")
      try fixture.write("{}", "foreign.json")
      let (before, after) = (fixture.file("before.json").path, fixture.file("after.json").path)
      let slower = try AccreteProcess.run(["bench", "compare", before, after])
      #expect(slower.code == 1 && slower.output.contains("slower"), "\(slower)")
      #expect(try AccreteProcess.run(["bench", "compare", before, after, "--threshold", "0.2"]).code == 0)
      #expect(try AccreteProcess.run(["bench", "compare", after, before]).code == 0)
      let foreign = try AccreteProcess.run(["bench", "compare", before, fixture.file("foreign.json").path])
      #expect(foreign.code == 65 && foreign.errorLines.count == 1)
      #expect(try AccreteProcess.run(["bench", "compare", before, fixture.file("no.json").path]).code == 66)
    }
  }
}
