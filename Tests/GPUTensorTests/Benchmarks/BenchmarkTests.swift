import Foundation
import GPUTensor
import Kernels
import TestSupport
import Testing

/// Benchmarks check results before they time, and rows and comparisons hold what was measured.
@Suite("Benchmarks")
struct BenchmarkTests {
  /// Peaks of 1 GFLOP/s and 1 GB/s.
  private static let peaks = DevicePeaks(gflops: 1, gbps: 1)

  @Test("the quick benchmarks are right on every device", .onOpenCL)
  func quick() throws {
    for device in OpenCLDevices.all where device.runsCLBlast {
      let runner = try BenchmarkRunner(device: device, sizes: .quick)
      for operation in BenchmarkRegistry.all {
        for row in operation.benchmarks(.quick).flatMap({ runner.rows($0, of: operation) }) {
          #expect(row.failure == nil && row.milliseconds ?? 0 > 0, "\(row)")
        }
      }
    }
  }

  @Test("every family of matmul has a row where they are compared", .onOpenCL)
  func families() throws {
    let device = try #require(OpenCLDevices.all.first)
    let benchmark = MatmulBenchmark.of(try #require(MatmulShape("65x63x31:tt")), comparesFamilies: true)
    let rows = try BenchmarkRunner(device: device, sizes: .quick).rows(
      benchmark, of: MatmulBenchmark.operation)
    let families = MatmulFamily.allCases.filter { $0 != .clblast || device.runsCLBlast }.map(\.rawValue)
    #expect(rows.filter { $0.dtype == "f32" }.compactMap(\.family) == families)
    for row in rows { #expect(row.way != nil, "\(row.key): the way that the plan chose is named") }
    #expect(rows.contains { $0.dtype == "bf16" } && rows.allSatisfy { $0.failure == nil }, "\(rows)")
  }

  @Test("a kernel that is wrong at one entry in 251 has no time", .onOpenCL)
  func wrongResult() async {
    await #expect(processExitsWith: .success) {
      let kernels = try KernelFolder.copy(
        breaking: "matmul/panel.cl", replacing: "ADD_PRODUCTS(sum[i][j], tile[i], b[j]);",
        with: "ADD_PRODUCTS(sum[i][j], tile[i], b[j]); if (i == 3 && j == 2) sum[i][j] *= 1.001f;")
      defer { try? FileManager.default.removeItem(at: kernels) }
      setenv("ACCRETE_KERNELS", kernels.path, 1)
      setenv("POCL_CACHE_DIR", kernels.path, 1)
      let device = try #require(OpenCLDevices.all.first { $0.kind == .cpu })
      let runner = try BenchmarkRunner(device: device, sizes: .quick)
      let rows = runner.rows(
        MatmulBenchmark.of(try #require(MatmulShape("257x258x259"))), of: MatmulBenchmark.operation)
      #expect(rows.count == 2 && rows[0].milliseconds == nil && rows[0].failure?.contains("wrong result") == true)
    }
  }

  @Test("shapes are read as MxNxK, with the transposes after a colon")
  func shapes() throws {
    #expect(MatmulShape("3x5x7") == MatmulShape("3x5x7:NT"))
    #expect(MatmulShape("3x5x7:tn") != MatmulShape("3x5x7:nt"))
    for text in ["", "3x5", "3x5x7x9", "0x1x1", "-1x2x3", "3x5x7:n", "3x5x7:nx", "3x5x7:nt:nt", "axbxc", "2000000x1x1"]
    {
      #expect(MatmulShape(text) == nil, "\(text)")
    }
  }

  @Test("a row's median, quantiles, rates and share of the roofline")
  func row() throws {
    let row = BenchmarkRow(
      kernel: "k", family: nil, shape: "s", operands: .float32, times: [5, 1, 2, 4, 3], flops: 6e6, bytes: 3e6,
      peaks: Self.peaks, maxError: 0)
    #expect(row.milliseconds == 3 && row.p20Milliseconds == 2 && row.p80Milliseconds == 4 && row.runs == 5)
    // 6e6 operations in 3 ms are 2 GFLOP/s, twice the peak; 3e6 bytes are 1 GB/s, the peak: operations are the bound.
    #expect(row.gflops == 2 && row.gbps == 1 && row.fractionOfPeak == 2)
    let even = BenchmarkRow(kernel: "k", shape: "s", times: [1, 2, 4, 9])
    #expect(even.milliseconds == 3)
    let idle = BenchmarkRow(kernel: "launch", shape: "s", times: [1])
    #expect(idle.gflops == nil && idle.gbps == nil && idle.fractionOfPeak == nil)
  }

  @Test("a comparison finds what became slower, what fails now, and what only one run has")
  func comparison() {
    func run(_ rows: [BenchmarkRow]) -> BenchmarkRun {
      BenchmarkRun(device: "d", driver: "1", date: "2026-11-26T00:00:00Z", peaks: Self.peaks, rows: rows)
    }
    func row(_ kernel: String, _ time: Double) -> BenchmarkRow {
      BenchmarkRow(kernel: kernel, shape: "s", times: [time])
    }
    let broken = BenchmarkRow(
      kernel: "c", family: nil, shape: "s", operands: .float32, maxError: nil, failure: "wrong")
    let comparison = BenchmarkComparison(
      before: run([row("a", 10), row("b", 10), row("c", 10), row("d", 10)]),
      after: run([row("a", 10.9), row("b", 11.1), broken, row("e", 1)]))
    #expect(comparison.regressions(beyond: 0.1).map(\.before.kernel) == ["b", "c"])
    #expect(comparison.entries.map(\.before.kernel) == ["a", "b", "c"])
    #expect(comparison.missing == [row("d", 1).key] && comparison.added == [row("e", 1).key])
  }
}
