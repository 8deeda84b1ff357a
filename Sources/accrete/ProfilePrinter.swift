import Foundation
import GPUTensor
import Kernels

/// Prints device time by kernel, the ways that products take, and what is not fused with them, on stderr.
enum ProfilePrinter {
  /// Prints the device time since the last call; nothing for the CPU fallback or without profiling.
  static func print(_ executor: any Executor) throws(DeviceError) {
    guard let device = executor as? OpenCLExecutor else { return }
    let times = try device.context.takeProfile()
    guard !times.isEmpty else { return }
    let total = times.reduce(0) { $0 + $1.milliseconds }
    Console.note("device time by kernel, \(Int(total)) ms in all:")
    for time in times {
      let share = (time.milliseconds / total * 1000).rounded() / 10
      let milliseconds = (time.milliseconds * 10).rounded() / 10
      Console.note("  \(share) %  \(milliseconds) ms  \(time.launches) launches  \(time.kernel)")
    }
    let ways = device.plans.flatMap { $0.matmulWays(rows: $0.graph.rowCapacity).map(\.description) }
    let counts = Dictionary(ways.map { ($0, 1) }, uniquingKeysWith: +).sorted {
      ($1.value, $0.key) < ($0.value, $1.key)
    }
    guard !counts.isEmpty else { return }
    Console.note("products of the plans, by the way that multiplies them where all rows are in use:")
    for (way, count) in counts { Console.note("  \(count)  \(way)") }
    let unfused = Set(device.plans.flatMap(\.unfused)).sorted()
    if !unfused.isEmpty { Console.note("not fused with products of few rows: \(unfused.joined(separator: "; "))") }
  }
}
