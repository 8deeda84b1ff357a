import Foundation
import GPUTensor

/// Formats benchmarks as tables and as CSV.
enum BenchPrinter {
  static func table(of run: BenchmarkRun) -> [String] {
    var table = TextTable(
      ["kernel", "family", "way", "shape", "dtype", "ms", "p20", "p80", "GFLOP/s", "GB/s", "of peak"],
      texts: [0, 1, 2, 3, 4])
    for row in run.rows {
      let rates = [row.milliseconds, row.p20Milliseconds, row.p80Milliseconds, row.gflops, row.gbps].map(number)
      table.add(
        [row.kernel, row.family ?? "", row.way ?? "", row.shape, row.dtype] + rates + [share(row.fractionOfPeak)])
    }
    return [
      "\(run.device), driver \(run.driver): \(number(run.peakGflops)) GFLOP/s, \(number(run.peakGbps)) GB/s", "",
    ] + table.lines
  }

  /// The run as CSV; its columns have the names of the JSON keys.
  static func csv(of run: BenchmarkRun) -> [String] {
    let header = [
      "kernel", "family", "shape", "dtype", "milliseconds", "p20_milliseconds", "p80_milliseconds", "runs", "gflops",
      "gbps", "fraction_of_peak", "max_error", "way",
    ]
    let rows = run.rows.map { row in
      let times = [row.milliseconds, row.p20Milliseconds, row.p80Milliseconds, Double(row.runs)]
      let cells = (times + [row.gflops, row.gbps, row.fractionOfPeak, row.maxError]).map { $0.map { "\($0)" } ?? "" }
      return [row.kernel, row.family ?? "", row.shape, row.dtype] + cells
        + [row.way ?? ""]
    }
    return ([header] + rows).map { $0.joined(separator: ",") }
  }

  static func table(of comparison: BenchmarkComparison, threshold: Double) -> [String] {
    var table = TextTable(["kernel", "family", "shape", "ms before", "ms after", "times", ""], texts: [0, 1, 2, 6])
    for entry in comparison.entries {
      let mark = entry.ratio > 1 + threshold ? "slower" : entry.ratio < 1 / (1 + threshold) ? "faster" : ""
      table.add([
        entry.before.kernel, entry.before.family ?? "", entry.before.shape, number(entry.before.milliseconds),
        number(entry.after.milliseconds), number(entry.ratio), mark,
      ])
    }
    return table.lines + comparison.missing.map { "only before: \($0)" } + comparison.added.map { "only after: \($0)" }
  }

  /// One row as a line of progress.
  static func line(of row: BenchmarkRow) -> String {
    let name = [row.kernel, row.family, row.shape, row.dtype].compactMap { $0 }.joined(separator: " ")
    if let failure = row.failure { return "FAIL \(name): \(failure)" }
    return "\(name)  \(number(row.milliseconds)) ms  \(share(row.fractionOfPeak))"
  }

  /// Three significant digits; "–" for nil.
  static func number(_ value: Double?) -> String {
    guard let value else { return "–" }
    guard value.isFinite, value != 0 else { return value == 0 ? "0" : "∞" }
    let digits = max(0, 2 - Int(log10(abs(value)).rounded(.down)))
    return String(format: "%.\(min(digits, 6))f", value)
  }

  private static func share(_ fraction: Double?) -> String {
    fraction.map { String(format: "%.0f %%", $0 * 100) } ?? "–"
  }
}
