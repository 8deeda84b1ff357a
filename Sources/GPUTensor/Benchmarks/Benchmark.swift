import Kernels

/// An op that `accrete bench` times.
package protocol Benchmarked: Checked {
  static func benchmarks(_ sizes: BenchmarkSizes) -> [Benchmark]
}

/// The amount of work to time.
package enum BenchmarkSizes: Sendable {
  /// One small shape of each kernel: seconds.
  case quick
  /// The shapes of real models, and tensors larger than the caches.
  case full

  /// Floats in a tensor of a memory-bound kernel: 128 MiB in `full`, beyond most caches.
  var elements: Int { self == .quick ? 1 << 20 : 1 << 25 }
}

/// One kernel on one shape: its minimal work, how to record it, and how its result is checked.
package struct Benchmark: Sendable {
  /// The op's stem, with the direction where only the gradient is timed.
  package let kernel: String
  package let shape: String
  /// Floating-point operations; a multiply-add counts two.
  package let flops: Double
  /// Bytes that must move: each input read once, each output written once.
  package let bytes: Double
  package let operation: OperationCase
  /// Expected values at sampled places, for cases that take the CPU loops too long; nil: all values are compared.
  let sampled: (any SampledOracle)?
  /// Substrings of the names of the kernels to time; empty: all kernels of the graph.
  let timedKernels: [String]
  /// True where the families are timed side by side.
  let comparesFamilies: Bool
  /// The class that the product is tuned in; nil where it is not tuned.
  let product: MatmulClass?

  init(
    _ kernel: String, _ shape: String, flops: Double, bytes: Double, rows: Int, sampled: (any SampledOracle)? = nil,
    timedKernels: [String] = [], comparesFamilies: Bool = false, product: MatmulClass? = nil,
    record: @escaping @Sendable (CaseRecorder) -> Void
  ) {
    self.kernel = kernel
    self.shape = shape
    self.flops = flops
    self.bytes = bytes
    self.sampled = sampled
    self.timedKernels = timedKernels
    self.comparesFamilies = comparesFamilies
    self.product = product
    operation = OperationCase(shape, rows: rows, rowCapacity: rows, record: record)
  }
}

/// An independent computation of single values of a large case.
protocol SampledOracle: Sendable {
  /// Indices of the elements to compare, for each output; empty for an output that is not compared.
  var places: [[Int]] { get }
  /// The expected values at `places`, computed in `S`.
  ///
  /// - Parameters:
  ///   - parameters: the case's parameters, in the order in which they were recorded.
  ///   - operands: the type that operands of matrix products are rounded to.
  func values<S: HostScalar>(_ parameters: [[Float]], as type: S.Type, operands: OperandType) -> [[S]]
}

/// Every op that is timed, one a line.
package enum BenchmarkRegistry {
  package static let all: [any Benchmarked.Type] = [
    Matmul.self,
    Attention.self,
    Softmax.self,
    RMSNorm.self,
    RoPE.self,
    SwiGLU.self,
    LinearCrossEntropy.self,
    Embedding.self,
    AdamW.self,
    Lion.self,
    Muon.self,
  ]

  /// The names that `accrete bench` accepts: the ops' stems, and `device` for the transfers and launches.
  package static var names: [String] { all.map { $0.stem } + [DeviceCosts.name] }
}
