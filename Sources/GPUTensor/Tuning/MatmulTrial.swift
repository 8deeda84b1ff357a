import Kernels

/// A comparison of a candidate of the tuner with the default, on one product; sent as JSON to a child process.
package struct MatmulTrial: Codable, Sendable {
  /// The hidden command of `accrete` that the child runs, followed by the trial.
  package static let command = "tune-trial"

  /// Median times of the candidate and of the default, measured in turn.
  package struct Result: Codable, Sendable {
    package let milliseconds: Double
    package let defaultMilliseconds: Double

    /// The default's time divided by the candidate's: above 1 the candidate is faster.
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

  /// The device's number in `accrete devices`.
  package let device: Int
  package let operands: OperandType
  package let bf16Method: BF16Method
  /// The product, as `MatmulShape.init(_:)` parses it.
  package let shape: String
  package let parameters: MatmulParameters
  /// Seconds that the timed replays of both take together, roughly.
  package let seconds: Double

  package init(
    device: Int, operands: OperandType, bf16Method: BF16Method, shape: MatmulShape, parameters: MatmulParameters,
    seconds: Double
  ) {
    (self.device, self.operands, self.bf16Method) = (device, operands, bf16Method)
    self.shape = shape.argument
    (self.parameters, self.seconds) = (parameters, seconds)
  }

  /// Checks the candidate on some entries of the result, then times it and the default in turn, since the speed of a
  /// shared machine changes.
  ///
  /// - Throws: `Wrong`, or a `DeviceError`.
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
    // The default's first replay compiles its kernels.
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

/// A product in memory of its own, ready to be replayed.
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
