import Foundation

// Memory-bound kernels: every value is compared with the CPU loops.

/// Rows of a tensor with about `sizes.elements` floats.
private func rowCount(_ sizes: BenchmarkSizes, columns: Int) -> Int { sizes.elements / columns }

extension Softmax: Benchmarked {
  package static func benchmarks(_ sizes: BenchmarkSizes) -> [Benchmark] {
    let columns = 2048
    let rows = rowCount(sizes, columns: columns)
    let count = Double(rows * columns)
    return [
      Benchmark(stem, "\(rows)x\(columns)", flops: 5 * count, bytes: 8 * count, rows: rows) { recorder in
        recorder.compare(recorder.parameter(recorder.graph.rows(columns), in: -20...20).softmax())
      }
    ]
  }
}

extension RMSNorm: Benchmarked {
  package static func benchmarks(_ sizes: BenchmarkSizes) -> [Benchmark] {
    let columns = 576
    let rows = rowCount(sizes, columns: columns)
    let count = Double(rows * columns)
    return [false, true].map { backward in
      Benchmark(
        backward ? "rmsnorm_backward" : stem, "\(rows)x\(columns)", flops: (backward ? 8 : 4) * count,
        bytes: (backward ? 12 : 8) * count, rows: rows, timedKernels: [backward ? "backward" : "forward"]
      ) { recorder in
        let x = recorder.parameter(recorder.graph.rows(columns))
        let weight = recorder.parameter(Shape([columns]), in: 0.5...1.5)
        let out = x.rmsNorm(weight, eps: 1e-5)
        guard backward else { return recorder.compare(out) }
        let seed = recorder.parameter(out.shape)
        for gradient in recorder.graph.gradients(of: out, with: [x], seed: seed) { recorder.compare(gradient) }
      }
    }
  }
}

extension RoPE: Benchmarked {
  package static func benchmarks(_ sizes: BenchmarkSizes) -> [Benchmark] {
    let (heads, size, positions) = (9, 64, 2048)
    let rows = rowCount(sizes, columns: heads * size)
    let count = Double(rows * heads * size)
    return [
      Benchmark(stem, "\(rows)x\(heads)x\(size)", flops: 3 * count, bytes: 8 * count, rows: rows) { recorder in
        let x = recorder.parameter(recorder.graph.rows(heads * size))
        let frequencies = (0..<size / 2).map { pow(10000, -2 * Double($0) / Double(size)) }
        let table = recorder.parameter(
          Shape([positions, size]), values: RoPETable.make(frequencies: frequencies, positions: positions))
        let places = recorder.ints((0..<rows).map { $0 % positions })
        recorder.compare(x.rope(table: table, positions: places, headSize: size))
      }
    ]
  }
}

extension SwiGLU: Benchmarked {
  package static func benchmarks(_ sizes: BenchmarkSizes) -> [Benchmark] {
    let columns = 1536
    let rows = rowCount(sizes, columns: columns)
    let count = Double(rows * columns)
    return [false, true].map { backward in
      Benchmark(
        backward ? "swiglu_backward" : stem, "\(rows)x\(columns)", flops: (backward ? 10 : 5) * count,
        bytes: (backward ? 20 : 12) * count, rows: rows, timedKernels: [backward ? "backward" : "forward"]
      ) { recorder in
        let gate = recorder.parameter(recorder.graph.rows(columns), in: -12...12)
        let up = recorder.parameter(recorder.graph.rows(columns))
        let out = gate.gated(.silu, up)
        guard backward else { return recorder.compare(out) }
        let seed = recorder.parameter(out.shape)
        for gradient in recorder.graph.gradients(of: out, with: [gate, up], seed: seed) { recorder.compare(gradient) }
      }
    }
  }
}

extension Embedding: Benchmarked {
  package static func benchmarks(_ sizes: BenchmarkSizes) -> [Benchmark] {
    let (vocabulary, columns) = (sizes == .quick ? 4096 : 49152, 576)
    let rows = rowCount(sizes, columns: columns)
    return [
      Benchmark(
        stem, "\(rows) of \(vocabulary)x\(columns)", flops: 0, bytes: 8 * Double(rows * columns), rows: rows
      ) { recorder in
        let table = recorder.parameter(Shape([vocabulary, columns]))
        let ids = recorder.ints((0..<rows).map { $0 &* 7919 % vocabulary })
        recorder.compare(table.embedding(ids))
      }
    ]
  }
}
