import Kernels

/// One measurement: a kernel in a family on a shape.
package struct BenchmarkRow: Codable, Sendable, Equatable {
  package let kernel: String
  /// The family of matmul or attention; nil for other ops.
  package let family: String?
  /// The way to multiply that the plan chose, with its sizes; nil where nothing is multiplied.
  package let way: String?
  package let shape: String
  package let dtype: String
  /// Median time, and the 20th and 80th percentiles; nil where the result was wrong.
  package let milliseconds: Double?
  package let p20Milliseconds: Double?
  package let p80Milliseconds: Double?
  package let runs: Int
  /// Rates at the median: 10⁹ operations and 10⁹ bytes a second.
  package let gflops: Double?
  package let gbps: Double?
  /// The least time that the device's peaks allow, divided by the median: 1 is the roofline. Above 1 where the data
  /// stay in a cache, or where more is read than written: the copy that measures the peak also reads what it
  /// overwrites.
  package let fractionOfPeak: Double?
  /// The largest error, relative to the largest value of its output; nil where nothing was compared.
  package let maxError: Double?
  /// The reason for a missing time: the wrong value, or the driver's error.
  package let failure: String?

  /// A measurement by the host's clock, which has no roofline.
  package init(kernel: String, shape: String, times: [Double], bytes: Double = 0) {
    self.init(
      kernel: kernel, family: nil, shape: shape, operands: .float32, times: times, flops: 0, bytes: bytes, peaks: nil,
      maxError: nil)
  }

  /// - Parameters:
  ///   - times: milliseconds of each replay.
  ///   - flops, bytes: work of one replay; 0 where it is not counted.
  package init(
    kernel: String, family: String?, shape: String, operands: OperandType, times: [Double], flops: Double,
    bytes: Double, peaks: DevicePeaks?, maxError: Double?, way: String? = nil
  ) {
    let sorted = times.sorted()
    func quantile(_ share: Double) -> Double? {
      sorted.isEmpty ? nil : sorted[Int((Double(sorted.count - 1) * share).rounded())]
    }
    self.kernel = kernel
    self.family = family
    self.way = way
    self.shape = shape
    dtype = operands == .float32 ? "f32" : "bf16"
    let median = times.median
    milliseconds = median
    p20Milliseconds = quantile(0.2)
    p80Milliseconds = quantile(0.8)
    runs = times.count
    func rate(_ work: Double) -> Double? { median.flatMap { work > 0 && $0 > 0 ? work / $0 / 1e6 : nil } }
    gflops = rate(flops)
    gbps = rate(bytes)
    fractionOfPeak = median.flatMap { time in
      time > 0 ? peaks.map { $0.seconds(flops: flops, bytes: bytes) * 1e3 / time } : nil
    }
    self.maxError = maxError
    failure = nil
  }

  /// A failed measurement, without a time.
  package init(
    kernel: String, family: String?, shape: String, operands: OperandType, maxError: Double?, failure: String
  ) {
    self.kernel = kernel
    self.family = family
    way = nil
    self.shape = shape
    dtype = operands == .float32 ? "f32" : "bf16"
    (milliseconds, p20Milliseconds, p80Milliseconds, runs) = (nil, nil, nil, 0)
    (gflops, gbps, fractionOfPeak) = (nil, nil, nil)
    self.maxError = maxError
    self.failure = failure
  }

  /// Encodes every key; nil becomes null.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(kernel, forKey: .kernel)
    try container.encode(family, forKey: .family)
    try container.encode(way, forKey: .way)
    try container.encode(shape, forKey: .shape)
    try container.encode(dtype, forKey: .dtype)
    try container.encode(milliseconds, forKey: .milliseconds)
    try container.encode(p20Milliseconds, forKey: .p20Milliseconds)
    try container.encode(p80Milliseconds, forKey: .p80Milliseconds)
    try container.encode(runs, forKey: .runs)
    try container.encode(gflops, forKey: .gflops)
    try container.encode(gbps, forKey: .gbps)
    try container.encode(fractionOfPeak, forKey: .fractionOfPeak)
    try container.encode(maxError, forKey: .maxError)
    try container.encode(failure, forKey: .failure)
  }

  /// The identity of a row in the comparison of two runs.
  package var key: String { [kernel, family ?? "", shape, dtype].joined(separator: " ") }
}

/// One run of `accrete bench`: printed by `--json` and read by `compare`.
package struct BenchmarkRun: Codable, Sendable {
  package let device: String
  package let driver: String
  /// The time of the run, ISO 8601.
  package let date: String
  package let peakGflops: Double
  package let peakGbps: Double
  package let rows: [BenchmarkRow]

  package init(device: String, driver: String, date: String, peaks: DevicePeaks, rows: [BenchmarkRow]) {
    self.device = device
    self.driver = driver
    self.date = date
    peakGflops = peaks.gflops
    peakGbps = peaks.gbps
    self.rows = rows
  }
}

/// The comparison of two runs of `accrete bench`.
package struct BenchmarkComparison: Sendable {
  /// A row that both runs have.
  package struct Entry: Sendable {
    package let before: BenchmarkRow
    package let after: BenchmarkRow
    /// Time after divided by time before; infinite where it is wrong or fails now.
    package let ratio: Double
  }

  package let entries: [Entry]
  /// Keys of rows only in `before` (`missing`) or measured only in `after` (`added`).
  package let missing: [String]
  package let added: [String]

  /// A row that failed before is no baseline: it counts as added.
  package init(before: BenchmarkRun, after: BenchmarkRun) {
    let later = Dictionary(after.rows.map { ($0.key, $0) }) { first, _ in first }
    let measured = before.rows.filter { $0.milliseconds != nil }
    entries = measured.compactMap { row in
      guard let now = later[row.key], let then = row.milliseconds else { return nil }
      return Entry(before: row, after: now, ratio: now.milliseconds.map { $0 / then } ?? .infinity)
    }
    let known = Set(measured.map(\.key))
    missing = measured.map(\.key).filter { later[$0] == nil }
    added = after.rows.map(\.key).filter { !known.contains($0) }
  }

  /// Rows that take more than `threshold` longer; 0.1 is a tenth.
  package func regressions(beyond threshold: Double) -> [Entry] { entries.filter { $0.ratio > 1 + threshold } }
}

extension [Double] {
  /// The middle value, or the mean of the two in the middle; nil for an empty array.
  var median: Double? {
    guard !isEmpty else { return nil }
    let (sorted, middle) = (sorted(), count / 2)
    return count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }
}
