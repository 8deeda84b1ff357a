import Kernels

/// Checks a kernel's result, then times it by the device's own events (CLBlast's, which gives one of several, by the
/// host's clock), and holds the time against the peaks that the device had before and after.
package final class BenchmarkRunner {
  private let device: Device
  private let bf16Methods: [BF16Method]
  private let meter: PeakMeter
  /// The highest peaks so far.
  package private(set) var peaks: DevicePeaks
  /// Milliseconds that the timed runs of a row may take together; one run at least is made.
  private let budgetMilliseconds: Double

  private static let mostRuns = 100

  /// - Parameter bf16Methods: what `BF16Probe` found, the fastest last.
  package init(device: Device, sizes: BenchmarkSizes, bf16Methods: [BF16Method] = [.rounding]) throws(OpenCLError) {
    self.device = device
    self.bf16Methods = bf16Methods
    meter = try PeakMeter(device, sizes, bf16Method: bf16Methods.last ?? .rounding)
    peaks = try meter.measure(runs: 5)
    budgetMilliseconds = sizes == .quick ? 150 : 1000
  }

  /// The rows of a benchmark: the device's own family, in bf16 too where it multiplies, and the others where they are to
  /// be compared.
  package func rows(_ benchmark: Benchmark, of operation: any Benchmarked.Type) -> [BenchmarkRow] {
    let own = KernelTraits(device: device)
    let variants = CheckVariant.all(of: operation, device: device, bf16Methods: bf16Methods)
    let shown = variants.filter { variant in
      let traits = variant.traits
      if traits.factors == .float32 { return benchmark.comparesFamilies || traits == own }
      return traits.matmulFamily == own.matmulFamily
        && traits.bf16Method == (traits.matmulFamily == .panel ? bf16Methods.last : .rounding)
    }
    return shown.map { variant in
      let family = variants.count > 1 ? Self.family(of: operation, variant.traits) : nil
      return row(benchmark, family: family, traits: variant.traits)
    }
  }

  private static func family(of operation: any Benchmarked.Type, _ traits: KernelTraits) -> String {
    operation.stem == "attention" ? traits.attentionFamily.rawValue : traits.matmulFamily.rawValue
  }

  private func row(_ benchmark: Benchmark, family: String?, traits: KernelTraits) -> BenchmarkRow {
    func failed(_ reason: String, maxError: Double? = nil) -> BenchmarkRow {
      BenchmarkRow(
        kernel: benchmark.kernel, family: family, shape: benchmark.shape, factors: traits.factors, maxError: maxError,
        failure: reason)
    }
    do throws(OpenCLError) {
      // A context of its own, whose memory goes with it.
      let executor = try OpenCLExecutor(device: device, traits: traits, profiling: true, isolated: false)
      let prepared = try PreparedCase(benchmark.operation, executor: executor)
      try prepared.run()
      let outcome = try check(benchmark, prepared)
      guard outcome.passed else { return failed("a wrong result: \(outcome.detail)", maxError: outcome.maxError) }
      _ = try executor.context.takeProfile()
      let before = try meter.measure(runs: 2, factors: traits.factors)
      var times: [Double] = []
      var spent = 0.0
      repeat {
        let start = ContinuousClock.now
        try prepared.run()
        let kernels = try executor.context.takeProfile()
        let elapsed = (ContinuousClock.now - start) / .milliseconds(1)
        // CLBlast gives the event of its last kernel alone: it is timed by the host's clock.
        let isForeign = traits.matmulFamily == .clblast
        times.append(
          isForeign
            ? elapsed : kernels.filter { isTimed($0.kernel, benchmark) }.reduce(0) { $0 + $1.milliseconds })
        spent += elapsed
      } while times.count < Self.mostRuns && spent + spent / Double(times.count) < budgetMilliseconds
      let around = before.best(try meter.measure(runs: 2, factors: traits.factors))
      if traits.factors == .float32 { peaks = peaks.best(around) }
      return BenchmarkRow(
        kernel: benchmark.kernel, family: family, shape: benchmark.shape, factors: traits.factors, times: times,
        flops: benchmark.flops, bytes: benchmark.bytes, peaks: around, maxError: outcome.maxError)
    } catch {
      return failed(error.description)
    }
  }

  private func isTimed(_ kernel: String, _ benchmark: Benchmark) -> Bool {
    benchmark.timedKernels.isEmpty || benchmark.timedKernels.contains { kernel.contains($0) }
  }

  /// The result of the run that was just made, against the CPU: all of it, or the entries that the case names.
  private func check(_ benchmark: Benchmark, _ prepared: PreparedCase) throws(OpenCLError) -> CaseRunner.Outcome {
    guard let oracle = benchmark.sampled else {
      var found: [[Double]] = []
      for tensor in prepared.recorder.outputs { found.append(try prepared.read(tensor)) }
      return CaseRunner.compare(
        found,
        exact: try CaseRunner.outputs(benchmark.operation, on: CPUExecutor<Double>(factors: prepared.executor.factors)),
        naive: try CaseRunner.outputs(benchmark.operation, on: CPUExecutor<Float>(factors: prepared.executor.factors)))
    }
    let places = oracle.places
    var found: [[Double]] = []
    for (index, tensor) in prepared.recorder.outputs.enumerated() where index < places.count && !places[index].isEmpty {
      let values = try prepared.executor.read(tensor, of: prepared.plan, counts: prepared.recorder.counts)
      found.append(places[index].map { Double(values[$0]) })
    }
    let parameters = prepared.recorder.parameters.map(\.values)
    func expected<S: HostScalar>(_ type: S.Type) -> [[Double]] {
      oracle.values(parameters, as: S.self, factors: prepared.executor.factors).filter { !$0.isEmpty }.map {
        $0.map { Double($0) }
      }
    }
    return CaseRunner.compare(found, exact: expected(Double.self), naive: expected(Float.self))
  }
}
