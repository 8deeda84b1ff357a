import Foundation
import Kernels

/// The measured peaks of a device: the roofline that benchmarks are compared with.
package struct DevicePeaks: Sendable {
  /// 10⁹ fp32 operations a second, in a chain of multiply-adds in registers.
  package let gflops: Double
  /// 10⁹ bytes a second of a copy larger than the caches; bytes read and bytes written both count.
  package let gbps: Double

  package init(gflops: Double, gbps: Double) {
    self.gflops = gflops
    self.gbps = gbps
  }

  /// The least seconds that this much work takes on these peaks.
  package func seconds(flops: Double, bytes: Double) -> Double { max(flops / gflops, bytes / gbps) / 1e9 }

  /// The higher of each peak.
  func best(_ other: DevicePeaks) -> DevicePeaks {
    DevicePeaks(gflops: max(gflops, other.gflops), gbps: max(gbps, other.gbps))
  }
}

/// Measures a device's peaks repeatedly: clocks change and other work may share the machine, so each row is compared
/// with the peaks around its own time.
final class PeakMeter {
  /// Seconds that a launch of multiply-adds should take: long compared with its start, short for any watchdog.
  private static let launchSeconds = 0.005

  /// A kernel that only multiplies and adds, in independent chains.
  private struct Chains {
    let kernel: Kernel
    let groupSize: Int
    /// Multiply-adds of a work-group in one iteration of the kernel's loop.
    let operations: Int
  }

  private let context: Context
  private let multiplyAdd: Chains
  /// The same in bf16, by the processor's instruction or a GPU's matrix units; nil where the device has neither.
  private let multiplyAddBF16: Chains?
  private let copy: Kernel
  private let operands: Buffer
  private let sums: Buffer
  private let source: Buffer
  private let target: Buffer
  private let groups: Int
  private let count: Int
  /// Iterations of the kernel's loop in one launch.
  private var steps = 1000

  /// - Parameters:
  ///   - sizes: `quick` takes a smaller copy.
  ///   - bf16Method: the fastest method that `BF16Probe` found.
  init(_ device: Device, _ sizes: BenchmarkSizes, bf16Method: BF16Method) throws(DeviceError) {
    context = try Context(device: device, profiling: true)
    let traits = KernelTraits(device: context.device)
    multiplyAdd = try Self.chains(.rounding, context)
    multiplyAddBF16 = bf16Method == .rounding ? nil : try Self.chains(bf16Method, context)
    copy = try context.kernel("peak_copy", file: "peak.cl", defines: traits.defines)
    // Several groups for each compute unit, so that all units finish at about the same time.
    groups = device.computeUnits * (traits.workGroupSize == 1 ? 8 : 64)
    sums = try context.makeBuffer(byteCount: groups * traits.workGroupSize * traits.vectorWidth * 4)
    operands = try context.makeBuffer(byteCount: 2 * traits.vectorWidth * 4)
    let wanted = sizes == .quick ? 64 << 20 : 256 << 20
    let byteCount = min(wanted, device.largestAllocationBytes, device.globalMemoryBytes / 4)
    count = byteCount / 4 / traits.groupElements * traits.groupElements
    (source, target) = (try context.makeBuffer(byteCount: count * 4), try context.makeBuffer(byteCount: count * 4))
    let values = [0.999, 0.001].flatMap { [Float](repeating: $0, count: traits.vectorWidth) }
    try HostData.floats(values).withBytes { bytes throws(DeviceError) in try context.write(bytes, to: operands) }
    try context.fill(source, pattern: 0x3F80_0000, byteCount: count * 4)
    _ = try measure(runs: 1)
    let seconds = try seconds(multiplyAdd, runs: 3)
    steps = min(max(Int(Double(steps) * Self.launchSeconds / max(seconds, 1e-9)), steps), 1_000_000)
  }

  /// The kernel that measures a method of multiplying; fp32 for `rounding`.
  private static func chains(_ method: BF16Method, _ context: Context) throws(DeviceError) -> Chains {
    let traits = KernelTraits(device: context.device)
    func kernel(_ name: String, _ bf16: Int, _ more: Defines = [:]) throws(DeviceError) -> Kernel {
      try context.kernel(name, file: "peak.cl", defines: traits.defines + ["BF16": bf16] + more)
    }
    // As many chains as the registers hold sums.
    let chains = traits.registerLanes == 16 ? 16 : 6
    let lanes = traits.workGroupSize * traits.vectorWidth * chains
    switch method {
    case .rounding, .avx512:
      let isPairs = method == .avx512
      return Chains(
        kernel: try kernel("peak_multiply_add", isPairs ? 2 : 0, ["CHAINS": chains]), groupSize: traits.workGroupSize,
        operations: isPairs ? 2 * lanes : lanes)
    case .amx:
      try context.requestTileRegisters()
      return Chains(
        kernel: try kernel("peak_tiles", 3), groupSize: traits.workGroupSize, operations: 6 * 16 * 16 * 32)
    case .mma:
      return Chains(
        kernel: try kernel("peak_mma", 4), groupSize: traits.workGroupSize,
        operations: traits.workGroupSize / 32 * 8 * 16 * 8 * 16)
    case .mfma, .wmma, .dpas16, .dpas8:
      guard let shape = MatrixUnit(method) else { preconditionFailure("\(method) is no unit") }
      return Chains(
        kernel: try kernel("peak_units", 5, shape.defines), groupSize: shape.lanes,
        operations: 4 * shape.rows * shape.columns * 16)
    }
  }

  private func seconds(_ chains: Chains, runs: Int) throws(DeviceError) -> Double {
    try fastest(runs) { () throws(DeviceError) in
      try context.launch(
        chains.kernel, [.write(sums), .read(operands), .int(steps)], range: .groups(groups, of: chains.groupSize))
    }
  }

  /// The best of `runs` measurements of each peak: disturbances only lower it.
  ///
  /// - Parameter operands: the type to multiply; bf16 has the rate of fp32 where the device has no instruction for it.
  func measure(runs: Int, operands: OperandType = .float32) throws(DeviceError) -> DevicePeaks {
    let traits = KernelTraits(device: context.device)
    let chains = operands == .bfloat16 ? multiplyAddBF16 ?? multiplyAdd : multiplyAdd
    let seconds = try seconds(chains, runs: runs)
    let bytes = try fastest(runs) { () throws(DeviceError) in
      try context.launch(
        copy, [.write(target), .read(source), .ulong(count)],
        range: .groups(count / traits.groupElements, of: traits.workGroupSize))
    }
    let operations = 2 * Double(groups * chains.operations) * Double(steps)
    return DevicePeaks(gflops: operations / seconds / 1e9, gbps: 8 * Double(count) / bytes / 1e9)
  }

  /// Seconds of the fastest of `runs` launches.
  private func fastest(
    _ runs: Int, _ launch: () throws(DeviceError) -> Void
  ) throws(DeviceError) -> Double {
    var best = Double.infinity
    for _ in 0..<runs {
      try launch()
      best = min(best, try context.takeProfile().reduce(0) { $0 + $1.milliseconds } / 1e3)
    }
    return best
  }
}
