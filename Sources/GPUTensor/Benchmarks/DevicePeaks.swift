import Foundation
import Kernels

/// What a device can do at most, measured: the roofline that every row of a benchmark is held against.
///
/// Source: Williams, Waterman and Patterson, Roofline: an insightful visual performance model (2009).
package struct DevicePeaks: Sendable {
  /// 10⁹ fp32 operations a second of a chain of multiply-adds in registers.
  package let gflops: Double
  /// 10⁹ bytes a second of a copy beyond the caches, what is read and what is written counted.
  package let gbps: Double

  package init(gflops: Double, gbps: Double) {
    self.gflops = gflops
    self.gbps = gbps
  }

  /// The least seconds that this much work takes.
  package func seconds(flops: Double, bytes: Double) -> Double { max(flops / gflops, bytes / gbps) / 1e9 }

  /// Measures both: the best of some runs, as a peak is what nothing disturbed.
  ///
  /// - Parameter sizes: with `quick` fewer and smaller runs.
  package static func measure(_ device: Device, _ sizes: BenchmarkSizes) throws(OpenCLError) -> DevicePeaks {
    let context = try Context(device: device, profiling: true)
    return DevicePeaks(
      gflops: try multiplyAddRate(context, runs: sizes == .quick ? 5 : 20),
      gbps: try copyRate(context, byteCount: sizes == .quick ? 64 << 20 : 256 << 20, runs: sizes == .quick ? 5 : 10))
  }

  private static func multiplyAddRate(_ context: Context, runs: Int) throws(OpenCLError) -> Double {
    let traits = context.traits
    let (chains, steps) = (16, 100_000)
    // Several groups for each unit, so that all finish at about the same time.
    let groups = context.device.computeUnits * (traits.workGroupSize == 1 ? 8 : 64)
    let items = groups * traits.workGroupSize
    let out = try context.makeBuffer(byteCount: items * traits.vectorWidth * 4)
    let factors = try context.makeBuffer(byteCount: 2 * traits.vectorWidth * 4)
    let values = [0.999, 0.001].flatMap { [Float](repeating: $0, count: traits.vectorWidth) }
    try HostData.floats(values).withBytes { bytes throws(OpenCLError) in try context.write(bytes, to: factors) }
    let defines = traits.defines.merging(["CHAINS": chains]) { $1 }
    let kernel = try context.kernel("peak_multiply_add", file: "peak.cl", defines: defines)
    let best = try fastest(context, runs: runs) { () throws(OpenCLError) in
      try context.launch(
        kernel, [.write(out), .read(factors), .int(steps)], range: .groups(groups, of: traits.workGroupSize))
    }
    return 2 * Double(items) * Double(traits.vectorWidth * chains) * Double(steps) / best / 1e9
  }

  private static func copyRate(_ context: Context, byteCount: Int, runs: Int) throws(OpenCLError) -> Double {
    let traits = context.traits
    let byteCount = min(byteCount, context.device.largestAllocationBytes / 4 * 4, context.device.globalMemoryBytes / 4)
    let count = byteCount / 4 / traits.groupElements * traits.groupElements
    let (source, target) = (try context.makeBuffer(byteCount: count * 4), try context.makeBuffer(byteCount: count * 4))
    try context.fill(source, pattern: 0x3F80_0000, byteCount: count * 4)
    let kernel = try context.kernel("peak_copy", file: "peak.cl", defines: traits.defines)
    let best = try fastest(context, runs: runs) { () throws(OpenCLError) in
      try context.launch(
        kernel, [.write(target), .read(source), .ulong(count)],
        range: .groups(count / traits.groupElements, of: traits.workGroupSize))
    }
    return 8 * Double(count) / best / 1e9
  }

  /// Seconds of the fastest of some launches, after one that warms up.
  private static func fastest(
    _ context: Context, runs: Int, _ launch: () throws(OpenCLError) -> Void
  ) throws(OpenCLError) -> Double {
    try launch()
    _ = try context.takeProfile()
    var best = Double.infinity
    for _ in 0..<runs {
      try launch()
      best = min(best, try context.takeProfile().reduce(0) { $0 + $1.milliseconds } / 1e3)
    }
    return best
  }
}
