import Kernels

/// Checks a kernel's result, then times it by the device's events (CLBlast by the host's clock: it gives one event of
/// several), and compares the time with the device's peaks, measured before and after.
package final class BenchmarkRunner {
  private let device: Device
  private let bf16Methods: [BF16Method]
  private let tuned: TunedProducts
  private let meter: PeakMeter
  /// The highest fp32 peaks measured so far.
  package private(set) var peaks: DevicePeaks
  /// Milliseconds for all timed replays of a row; at least one replay is made.
  private let budgetMilliseconds: Double

  private static let mostRuns = 100

  /// - Parameters:
  ///   - bf16Methods: the methods that `BF16Probe` found, fastest last.
  ///   - tuned: the products that `accrete tune` found.
  /// - Throws: `DeviceError` where the peaks cannot be measured.
  package init(
    device: Device, sizes: BenchmarkSizes, bf16Methods: [BF16Method] = [.rounding],
    tuned: TunedProducts = [:]
  ) throws(DeviceError) {
    self.device = device
    self.tuned = tuned
    self.bf16Methods = bf16Methods
    meter = try PeakMeter(device, sizes, bf16Method: .fastest(of: bf16Methods, on: device))
    peaks = try meter.measure(runs: 5)
    budgetMilliseconds = sizes == .quick ? 150 : 1000
  }

  /// Times a benchmark in the device's own family, in bf16 too where it multiplies, and in the other families where
  /// they are to be compared. A failure becomes a row.
  package func rows(_ benchmark: Benchmark, of operation: any Benchmarked.Type) -> [BenchmarkRow] {
    let own = KernelTraits.probed(device)
    let variants = CheckVariant.all(of: operation, device: device, bf16Methods: bf16Methods)
    let fastest = BF16Method.fastest(of: bf16Methods, on: device)
    let shown = variants.filter { variant in
      let traits = variant.traits
      // Only the panel families use register lanes; a width other than the device's own is for checks alone.
      let isPanel = operation.stem == "attention" ? traits.attentionFamily == .panel : traits.matmulFamily == .panel
      guard !isPanel || traits.registerLanes == own.registerLanes else { return false }
      if traits.operands == .float32 { return benchmark.comparesFamilies || traits == own }
      return traits.matmulFamily == own.matmulFamily && traits.bf16Method == fastest
    }
    return shown.map { variant in
      var traits = variant.traits
      if traits.matmulFamily == own.matmulFamily { traits.tunedProducts = tuned[traits.operands] ?? [:] }
      let family =
        operation.stem == "attention"
        ? traits.attentionFamily.rawValue
        : (benchmark.product.flatMap { traits.tunedProducts[$0]?.family } ?? traits.matmulFamily).rawValue
      return row(benchmark, family: variant.name == operation.stem ? nil : family, traits: traits)
    }
  }

  private func row(_ benchmark: Benchmark, family: String?, traits: KernelTraits) -> BenchmarkRow {
    func failed(_ reason: String, maxError: Double? = nil) -> BenchmarkRow {
      BenchmarkRow(
        kernel: benchmark.kernel, family: family, shape: benchmark.shape, operands: traits.operands, maxError: maxError,
        failure: reason)
    }
    do throws(DeviceError) {
      // An own context, so that its memory is released with it.
      let executor = try OpenCLExecutor(device: device, traits: traits, profiling: true, isolated: false)
      let prepared = try PreparedCase(benchmark.operation, executor: executor)
      try prepared.run()
      let outcome = try benchmark.check(prepared)
      guard outcome.passed else { return failed("a wrong result: \(outcome.detail)", maxError: outcome.maxError) }
      _ = try executor.context.takeProfile()
      let before = try meter.measure(runs: 2, operands: traits.operands)
      var times: [Double] = []
      var spent = 0.0
      repeat {
        let time = try benchmark.time(prepared, in: executor.context)
        times.append(time.milliseconds)
        spent += time.elapsed
      } while times.count < Self.mostRuns && spent + spent / Double(times.count) < budgetMilliseconds
      let around = before.best(try meter.measure(runs: 2, operands: traits.operands))
      if traits.operands == .float32 { peaks = peaks.best(around) }
      return BenchmarkRow(
        kernel: benchmark.kernel, family: family, shape: benchmark.shape, operands: traits.operands, times: times,
        flops: benchmark.flops, bytes: benchmark.bytes, peaks: around, maxError: outcome.maxError,
        way: prepared.way)
    } catch {
      return failed(error.description)
    }
  }
}
