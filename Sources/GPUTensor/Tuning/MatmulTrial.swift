import Kernels

/// A candidate of the tuner beside the default, on one product: what a child process is asked, as JSON.
package struct MatmulTrial: Codable, Sendable {
  /// The hidden command of `accrete` that the child runs, followed by the trial.
  package static let command = "tune-trial"

  /// The medians of runs in turn.
  package struct Result: Codable, Sendable {
    package let milliseconds: Double
    package let defaultMilliseconds: Double

    /// How many times as fast as the default.
    package var gain: Double { defaultMilliseconds / milliseconds }

    package init(milliseconds: Double, defaultMilliseconds: Double) {
      self.milliseconds = milliseconds
      self.defaultMilliseconds = defaultMilliseconds
    }
  }

  /// A result that the oracle does not confirm.
  package struct Wrong: Error, CustomStringConvertible {
    package let description: String

    package init(description: String) {
      self.description = description
    }
  }

  private static let mostRuns = 50
  private static let leastRuns = 3

  /// The device's place in `accrete devices`.
  package let device: Int
  package let operands: OperandType
  package let bf16Method: BF16Method
  /// As `MatmulShape` reads it.
  package let shape: String
  package let parameters: MatmulParameters
  /// For the timed runs of both.
  package let seconds: Double

  package init(
    device: Int, operands: OperandType, bf16Method: BF16Method, shape: MatmulShape, parameters: MatmulParameters,
    seconds: Double
  ) {
    (self.device, self.operands, self.bf16Method) = (device, operands, bf16Method)
    self.shape = shape.argument
    (self.parameters, self.seconds) = (parameters, seconds)
  }

  /// Checks the candidate on some entries, then times it and the default in turn, as the clock of a shared machine changes.
  ///
  /// - Throws: `Wrong`, or what the driver says.
  package func run(on device: Device) throws -> Result {
    guard let shape = MatmulShape(shape), let product = shape.product, parameters.isValid(on: device) else {
      throw Wrong(description: "no product, or parameters that do not suit the device")
    }
    let benchmark = MatmulBenchmark.of(shape)
    var traits = KernelTraits.probed(device)
    (traits.operands, traits.bf16Method) = (operands, bf16Method)
    let own = try Contender(benchmark, on: device, traits)
    traits.tunedProducts[product] = parameters
    let candidate = try Contender(benchmark, on: device, traits)
    let outcome = try candidate.check()
    guard outcome.passed else { throw Wrong(description: "a wrong result: \(outcome.detail)") }
    // The default's first run compiles.
    _ = try own.time()
    var times: [(own: Double, candidate: Double)] = []
    var spent = 0.0
    repeat {
      let (first, second) = (try own.time(), try candidate.time())
      times.append((first.milliseconds, second.milliseconds))
      spent += (first.elapsed + second.elapsed) / 1e3
    } while times.count < Self.mostRuns && (spent < seconds || times.count < Self.leastRuns)
    guard let milliseconds = times.map(\.candidate).median, let own = times.map(\.own).median else {
      preconditionFailure("one run at least is made")
    }
    return Result(milliseconds: milliseconds, defaultMilliseconds: own)
  }
}

/// A product in memory of its own, ready to be run again and again.
private struct Contender {
  private let benchmark: Benchmark
  private let executor: OpenCLExecutor
  private let prepared: PreparedCase

  init(_ benchmark: Benchmark, on device: Device, _ traits: KernelTraits) throws(DeviceError) {
    self.benchmark = benchmark
    executor = try OpenCLExecutor(device: device, traits: traits, profiling: true, isolated: false)
    prepared = try PreparedCase(benchmark.operation, executor: executor)
  }

  func check() throws(DeviceError) -> CaseRunner.Outcome {
    _ = try time()
    return try benchmark.check(prepared)
  }

  func time() throws(DeviceError) -> (milliseconds: Double, elapsed: Double) {
    try benchmark.time(prepared, in: executor.context)
  }
}
