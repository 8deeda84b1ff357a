import Kernels

/// An op that `accrete bench` times.
package protocol Benchmarked: Checked {
  static func benchmarks(_ sizes: BenchmarkSizes) -> [Benchmark]
}

/// How much there is to time.
package enum BenchmarkSizes: Sendable {
  /// One shape of each kernel, in seconds.
  case quick
  /// The shapes of real models, and tensors beyond the caches.
  case full

  /// Floats of a tensor of a kernel that memory bounds: 128 MiB in full, beyond most caches.
  var elements: Int { self == .quick ? 1 << 20 : 1 << 25 }
}

/// One kernel on one shape: the work that it has at least to do, how to record it, and how its result is checked.
package struct Benchmark: Sendable {
  /// The stem of the op, and its direction where the gradient is timed alone.
  package let kernel: String
  package let shape: String
  /// Floating-point operations: two for each multiplication that is added up.
  package let flops: Double
  /// Bytes that must move at least: each input read once, each output written once.
  package let bytes: Double
  package let operation: OperationCase
  /// Expected values at some places, for cases that the CPU loops take too long for; nil: all values are compared.
  let sampled: (any SampledOracle)?
  /// Parts of the names of the kernels that count; none: all of the graph's.
  let timedKernels: [String]
  /// Whether the families are shown side by side.
  let comparesFamilies: Bool
  /// What it is tuned as; nil: not at all.
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

/// A second way to some values of a large case, entry by entry.
protocol SampledOracle: Sendable {
  /// The places to compare in each output; none of an output that is not compared.
  var places: [[Int]] { get }
  /// The values there, computed in S from the case's parameters, in the order in which they were recorded.
  ///
  /// - Parameter operands: what the operands of matrix products are rounded to.
  func values<S: HostScalar>(_ parameters: [[Float]], as type: S.Type, operands: OperandType) -> [[S]]
}

/// Every op that is timed, a line each.
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

  /// What `accrete bench` can be asked for: the ops' stems, and what is measured of the device itself.
  package static var names: [String] { all.map { $0.stem } + [DeviceCosts.name] }
}
