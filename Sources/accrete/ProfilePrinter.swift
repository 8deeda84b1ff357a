import Foundation
import GPUTensor
import Kernels

/// Device time by kernel, as a table on stderr.
enum ProfilePrinter {
  /// What an executor's device did since the last call; nothing for the CPU fallback.
  static func print(_ executor: any Executor) throws(DeviceError) {
    guard let times = try (executor as? OpenCLExecutor)?.context.takeProfile(), !times.isEmpty else { return }
    let total = times.reduce(0) { $0 + $1.milliseconds }
    Console.note("device time by kernel, \(Int(total)) ms in all:")
    for time in times {
      let share = (time.milliseconds / total * 1000).rounded() / 10
      let milliseconds = (time.milliseconds * 10).rounded() / 10
      Console.note("  \(share) %  \(milliseconds) ms  \(time.launches) launches  \(time.kernel)")
    }
  }
}
