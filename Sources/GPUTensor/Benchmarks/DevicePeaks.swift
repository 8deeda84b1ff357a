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

  /// The higher of each.
  func best(_ other: DevicePeaks) -> DevicePeaks {
    DevicePeaks(gflops: max(gflops, other.gflops), gbps: max(gbps, other.gbps))
  }
}

/// Measures a device's peaks, again and again: clocks change, and other work may share the machine, so that each row of a
/// benchmark is held against the peaks of its own moment.
final class PeakMeter {
  private static let chains = 16
  /// Seconds that a launch of multiply-adds is to take: long beside its start, and short for any watchdog.
  private static let launchSeconds = 0.005

  private let context: Context
  private let multiplyAdd: Kernel
  /// The same in bf16 by the processor's instruction; nil where it has none.
  private let multiplyAddBF16: Kernel?
  /// How many times the operations of a multiply-add a step of it has.
  private let bf16Factor: Double
  private let copy: Kernel
  private let factors: Buffer
  private let sums: Buffer
  private let source: Buffer
  private let target: Buffer
  private let groups: Int
  private let count: Int
  /// Multiply-adds of a chain in one launch.
  private var steps = 1000

  /// - Parameters:
  ///   - sizes: with `quick` a smaller copy.
  ///   - bf16Method: the fastest that `BF16Probe` found.
  init(_ device: Device, _ sizes: BenchmarkSizes, bf16Method: BF16Method) throws(OpenCLError) {
    context = try Context(device: device, profiling: true)
    let traits = context.traits
    let defines = traits.defines + ["CHAINS": Self.chains]
    multiplyAdd = try context.kernel("peak_multiply_add", file: "peak.cl", defines: defines)
    switch bf16Method {
    case .rounding: (multiplyAddBF16, bf16Factor) = (nil, 1)
    case .pairs:
      let pairs = defines + ["BF16": 2]
      (multiplyAddBF16, bf16Factor) = (try context.kernel("peak_multiply_add", file: "peak.cl", defines: pairs), 2)
    case .tiles:
      try context.requestTileRegisters()
      let tiles = traits.defines + ["BF16": 3]
      // A step is six products of 16 × 16 × 32.
      let operations = 6.0 * 16 * 16 * 32 / Double(traits.workGroupSize * traits.vectorWidth * Self.chains)
      (multiplyAddBF16, bf16Factor) = (try context.kernel("peak_tiles", file: "peak.cl", defines: tiles), operations)
    case .mma:
      let units = traits.defines + ["BF16": 4]
      // A step of a warp is eight products of 16 × 16 × 8.
      let operations = 8.0 * 16 * 16 * 8 / Double(32 * traits.vectorWidth * Self.chains)
      (multiplyAddBF16, bf16Factor) = (try context.kernel("peak_mma", file: "peak.cl", defines: units), operations)
    }
    copy = try context.kernel("peak_copy", file: "peak.cl", defines: traits.defines)
    // Several groups for each unit, so that all finish at about the same time.
    groups = device.computeUnits * (traits.workGroupSize == 1 ? 8 : 64)
    sums = try context.makeBuffer(byteCount: groups * traits.workGroupSize * traits.vectorWidth * 4)
    factors = try context.makeBuffer(byteCount: 2 * traits.vectorWidth * 4)
    let wanted = sizes == .quick ? 64 << 20 : 256 << 20
    let byteCount = min(wanted, device.largestAllocationBytes, device.globalMemoryBytes / 4)
    count = byteCount / 4 / traits.groupElements * traits.groupElements
    (source, target) = (try context.makeBuffer(byteCount: count * 4), try context.makeBuffer(byteCount: count * 4))
    let values = [0.999, 0.001].flatMap { [Float](repeating: $0, count: traits.vectorWidth) }
    try HostData.floats(values).withBytes { bytes throws(OpenCLError) in try context.write(bytes, to: factors) }
    try context.fill(source, pattern: 0x3F80_0000, byteCount: count * 4)
    _ = try measure(runs: 1)
    let seconds = try multiplyAddSeconds(runs: 3)
    steps = min(max(Int(Double(steps) * Self.launchSeconds / max(seconds, 1e-9)), steps), 1_000_000)
  }

  private func multiplyAddSeconds(runs: Int, _ kernel: Kernel? = nil) throws(OpenCLError) -> Double {
    try fastest(runs) { () throws(OpenCLError) in
      try context.launch(
        kernel ?? multiplyAdd, [.write(sums), .read(factors), .int(steps)],
        range: .groups(groups, of: context.traits.workGroupSize))
    }
  }

  /// The best of some runs of each: a peak is what nothing disturbed.
  ///
  /// - Parameter factors: what is multiplied; the rate of bf16 is that of fp32 where the device has no instruction for it.
  func measure(runs: Int, factors: FactorType = .float32) throws(OpenCLError) -> DevicePeaks {
    let traits = context.traits
    let native = factors == .bfloat16 ? multiplyAddBF16 : nil
    let operations = try multiplyAddSeconds(runs: runs, native) / (native == nil ? 1 : bf16Factor)
    let bytes = try fastest(runs) { () throws(OpenCLError) in
      try context.launch(
        copy, [.write(target), .read(source), .ulong(count)],
        range: .groups(count / traits.groupElements, of: traits.workGroupSize))
    }
    let lanes = Double(groups * traits.workGroupSize * traits.vectorWidth * Self.chains)
    return DevicePeaks(gflops: 2 * lanes * Double(steps) / operations / 1e9, gbps: 8 * Double(count) / bytes / 1e9)
  }

  /// Seconds of the fastest of some launches.
  private func fastest(
    _ runs: Int, _ launch: () throws(OpenCLError) -> Void
  ) throws(OpenCLError) -> Double {
    var best = Double.infinity
    for _ in 0..<runs {
      try launch()
      best = min(best, try context.takeProfile().reduce(0) { $0 + $1.milliseconds } / 1e3)
    }
    return best
  }
}
