import Kernels

/// The sizes and transposes of a product, named as in BLAS: `2048x576x1536 NT`.
package struct MatmulShape: Sendable, Equatable {
  let m: Int
  let n: Int
  let k: Int
  let transposeA: Bool
  let transposeB: Bool

  init(_ m: Int, _ n: Int, _ k: Int, _ transposes: (a: Bool, b: Bool) = (false, true)) {
    (self.m, self.n, self.k) = (m, n, k)
    (transposeA, transposeB) = transposes
  }

  /// Parses `MxNxK`, or `MxNxK:nt` with the transposes of A and B; NT, as in a linear layer, by default. Returns nil
  /// for any other text.
  package init?(_ text: String) {
    let parts = text.lowercased().split(separator: ":", omittingEmptySubsequences: false)
    let sizes = parts[0].split(separator: "x", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
    guard parts.count <= 2, sizes.count == 3, sizes.allSatisfy({ (1...1 << 20).contains($0) }) else { return nil }
    let letters = parts.count == 2 ? Array(parts[1]) : ["n", "t"]
    guard letters.count == 2, letters.allSatisfy({ "nt".contains($0) }) else { return nil }
    self.init(sizes[0], sizes[1], sizes[2], (letters[0] == "t", letters[1] == "t"))
  }

  package var name: String { sizes + " " + transposes }
  /// The text that `init(_:)` parses.
  package var argument: String { sizes + ":" + transposes.lowercased() }
  private var sizes: String { "\(m)x\(n)x\(k)" }
  private var transposes: String { "\(transposeA ? "T" : "N")\(transposeB ? "T" : "N")" }

  /// The class that the product is tuned in; nil where both operands are transposed.
  package var product: MatmulClass? { MatmulClass(transposeA: transposeA, transposeB: transposeB, m: m, n: n) }

  /// The three products of a linear layer with weight [n, k] on `rows` rows: forward, gradient of the input, gradient
  /// of the weight.
  static func layer(rows: Int, n: Int, k: Int) -> [MatmulShape] {
    [
      MatmulShape(rows, n, k), MatmulShape(rows, k, n, (false, false)), MatmulShape(n, k, rows, (true, false)),
    ]
  }
}

extension Matmul: Benchmarked {
  package static func benchmarks(_ sizes: BenchmarkSizes) -> [Benchmark] {
    let square = benchmark(MatmulShape(1024, 1024, 1024, (false, false)), comparesFamilies: true)
    guard sizes == .full else { return [square] + MatmulShape.layer(rows: 2048, n: 1536, k: 576).map { benchmark($0) } }
    // SmolLM2-135M's layers at 2,048 rows: query and output, key and value, gate and up, down, head.
    let smol = [(576, 576), (192, 576), (1536, 576), (576, 1536), (49152, 576)].flatMap { n, k in
      MatmulShape.layer(rows: 2048, n: n, k: k)
    }
    // Weights of LLaMA 15M, 110M, TinyLlama 1.1B and Llama 3 8B.
    let others = [
      (768, 288), (288, 768), (32000, 288), (2048, 768), (768, 2048), (5632, 2048), (256, 2048), (2048, 5632),
      (14336, 4096), (1024, 4096), (4096, 14336),
    ].map { n, k in MatmulShape(512, n, k) }
    let ragged = [MatmulShape(97, 101, 103), MatmulShape(1023, 577, 1537), MatmulShape(1025, 97, 2049)]
    let decode = [MatmulShape(1, 1536, 576), MatmulShape(1, 49152, 576), MatmulShape(1, 14336, 4096)]
    return [square] + (smol + others + ragged + decode).map { benchmark($0) }
  }

  static func benchmark(_ shape: MatmulShape, comparesFamilies: Bool = false) -> Benchmark {
    let (m, n, k) = (shape.m, shape.n, shape.k)
    return Benchmark(
      stem, shape.name, flops: 2 * Double(m) * Double(n) * Double(k), bytes: 4 * Double(m * k + k * n + m * n), rows: 1,
      sampled: MatmulOracle(shape: shape), comparesFamilies: comparesFamilies, product: shape.product
    ) { recorder in
      let a = recorder.parameter(Shape(shape.transposeA ? [k, m] : [m, k]))
      let b = recorder.parameter(Shape(shape.transposeB ? [n, k] : [k, n]))
      recorder.compare(a.matmul(b, transposeSelf: shape.transposeA, transposeOther: shape.transposeB))
    }
  }
}

/// Matmul benchmarks by shape, for `--shapes` and `accrete tune`.
package enum MatmulBenchmark {
  package static let operation: any Benchmarked.Type = Matmul.self

  /// The benchmark of one product.
  package static func of(_ shape: MatmulShape, comparesFamilies: Bool = false) -> Benchmark {
    Matmul.benchmark(shape, comparesFamilies: comparesFamilies)
  }
}

/// Sampled entries of a product, corners included, each as a dot product.
private struct MatmulOracle: SampledOracle {
  let shape: MatmulShape
  private static let count = 251

  var places: [[Int]] {
    let last = shape.m * shape.n - 1
    let count = min(Self.count, last + 1)
    return [(0..<count).map { count == 1 ? 0 : last * $0 / (count - 1) }]
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func values<S: HostScalar>(_ parameters: [[Float]], as type: S.Type, operands: OperandType) -> [[S]] {
    let rounds = operands == .bfloat16
    let (a, b) = (parameters[0], parameters[1])
    return [
      places[0].map { place in
        let (row, column) = (place / shape.n, place % shape.n)
        var sum: S = 0
        for depth in 0..<shape.k {
          let left = a[shape.transposeA ? depth * shape.m + row : row * shape.k + depth]
          let right = b[shape.transposeB ? column * shape.k + depth : depth * shape.n + column]
          sum += rounds ? S(Cast.rounded(left)) * S(Cast.rounded(right)) : S(left) * S(right)
        }
        return sum
      }
    ]
  }
}
