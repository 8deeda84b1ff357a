extension AdamW: Benchmarked {
  package static func benchmarks(_ sizes: BenchmarkSizes) -> [Benchmark] {
    let count = sizes.elements
    return OptimizerMoments.allCases.map { moments in
      // Parameter and moments are read and written, the gradient is read.
      let bytes = 12 * count + 2 * (moments.dtypes.first.byteCount(count) + moments.dtypes.second.byteCount(count))
      return Benchmark(
        moments.rawValue, "\(count)", flops: 14 * Double(count), bytes: Double(bytes), rows: 1, timedKernels: ["adamw"]
      ) { recorder in
        let shape = Shape([count])
        let (p, g) = (recorder.parameter(shape), recorder.parameter(shape))
        let m = recorder.parameter(shape, dtype: moments.dtypes.first)
        let v = recorder.parameter(shape, in: 0...1, dtype: moments.dtypes.second)
        recorder.set { ($0.learningRate, $0.optimizerStep) = (0.001, 3) }
        recorder.graph.adamW(
          parameter: p, m: m, v: v, gradient: g, norm: recorder.graph.globalNorm([g]),
          settings: AdamWSettings(beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1, maxGradNorm: 1))
        recorder.compare(p)
      }
    }
  }
}

extension Lion: Benchmarked {
  package static func benchmarks(_ sizes: BenchmarkSizes) -> [Benchmark] {
    let count = sizes.elements
    // Parameter and momentum are read and written, the gradient is read.
    return [
      Benchmark(
        stem, "\(count)", flops: 8 * Double(count), bytes: 20 * Double(count), rows: 1, timedKernels: [stem]
      ) { recorder in
        let shape = Shape([count])
        let (p, m, g) = (recorder.parameter(shape), recorder.parameter(shape), recorder.parameter(shape))
        recorder.set { $0.learningRate = 0.001 }
        recorder.graph.lion(
          parameter: p, momentum: m, gradient: g, norm: recorder.graph.globalNorm([g]),
          settings: LionSettings(beta1: 0.9, beta2: 0.99, weightDecay: 0.1, maxGradNorm: 1))
        recorder.compare(p)
      }
    ]
  }
}

extension Muon: Benchmarked {
  package static func benchmarks(_ sizes: BenchmarkSizes) -> [Benchmark] {
    let (rows, columns) = sizes == .quick ? (64, 96) : (576, 1536)
    // Five iterations, each with three products: X·Xᵀ of the matrix, the square of that, and a square times the matrix.
    let flops = 5 * 2 * Double(rows) * Double(rows) * Double(2 * columns + rows)
    return [
      Benchmark(stem, "\(rows)x\(columns)", flops: flops, bytes: 20 * Double(rows * columns), rows: 1) { recorder in
        let shape = Shape([rows, columns])
        let (p, m, g) = (recorder.parameter(shape), recorder.parameter(shape), recorder.parameter(shape))
        recorder.set { $0.learningRate = 0.001 }
        recorder.graph.muon(
          parameter: p, momentum: m, gradient: g, norm: recorder.graph.globalNorm([g]),
          settings: MuonSettings(weightDecay: 0.1, maxGradNorm: 1))
        recorder.compare(p)
      }
    ]
  }
}
