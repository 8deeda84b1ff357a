import Kernels

/// One measured line: a kernel in a family on a shape.
package struct BenchmarkRow: Codable, Sendable, Equatable {
  package let kernel: String
  /// Of matmul and attention; nil where there is one way only.
  package let family: String?
  /// The way to multiply that the plan chose, with its sizes; nil where nothing is multiplied.
  package let way: String?
  package let shape: String
  package let dtype: String
  /// The median, and the times that a fifth and four fifths of the runs stayed under; nil where the result was wrong.
  package let milliseconds: Double?
  package let p20Milliseconds: Double?
  package let p80Milliseconds: Double?
  package let runs: Int
  /// At the median: 10⁹ operations, and 10⁹ bytes that had to move, a second.
  package let gflops: Double?
  package let gbps: Double?
  /// The least time that the device's peaks allow, by the median: 1 is the roofline. Above 1 where the data lie in a
  /// cache, or are read more than written: what a copy writes, a processor reads first.
  package let fractionOfPeak: Double?
  /// The largest error, relative to the largest value of its output; nil where there is nothing to compare.
  package let maxError: Double?
  /// Why there is no time: the value that was wrong, or what the driver said.
  package let failure: String?

  /// A row of times by the host's clock, which has no roofline.
  package init(kernel: String, shape: String, times: [Double], bytes: Double = 0) {
    self.init(
      kernel: kernel, family: nil, shape: shape, operands: .float32, times: times, flops: 0, bytes: bytes, peaks: nil,
      maxError: nil)
  }

  /// - Parameters:
  ///   - times: milliseconds of each run.
  ///   - flops, bytes: of one run; 0: not counted.
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

  /// A row without a time.
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

  /// Every key is there: what does not apply is null.
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

  /// What a row is compared by in two runs.
  package var key: String { [kernel, family ?? "", shape, dtype].joined(separator: " ") }
}

/// A run of `accrete bench`: what `--json` prints and a comparison reads.
package struct BenchmarkRun: Codable, Sendable {
  package let device: String
  package let driver: String
  /// ISO 8601.
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

/// Two runs beside each other.
package struct BenchmarkComparison: Sendable {
  /// One row that both runs have.
  package struct Entry: Sendable {
    package let before: BenchmarkRow
    package let after: BenchmarkRow
    /// How many times as long it takes now; infinite where it is wrong or fails now.
    package let ratio: Double
  }

  package let entries: [Entry]
  /// Keys of rows that only one of the runs has.
  package let missing: [String]
  package let added: [String]

  /// Rows that were wrong or failed before are no measure, and stand under `added` where they pass now.
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

  /// Rows that take more than `threshold` longer: 0.1 is a tenth.
  package func regressions(beyond threshold: Double) -> [Entry] { entries.filter { $0.ratio > 1 + threshold } }
}

extension [Double] {
  /// The middle value, or the mean of the two in the middle; nil where there is none.
  var median: Double? {
    guard !isEmpty else { return nil }
    let (sorted, middle) = (sorted(), count / 2)
    return count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }
}
