import Foundation
import Kernels

/// The costs of a device besides its kernels: transfers and launches, by the host's clock.
package enum DeviceCosts {
  package static let name = "device"

  /// Times transfers of up to 64 MiB each way, and 1,000 launches of an empty kernel in a row.
  package static func measure(_ device: Device, runs: Int) throws(DeviceError) -> [BenchmarkRow] {
    let context = try Context(device: device)
    let byteCount = min(64 << 20, device.largestAllocationBytes / 4 * 4)
    let buffer = try context.makeBuffer(byteCount: byteCount)
    var host = [Float](repeating: 1, count: byteCount / 4)
    let to = try times(context, runs) { () throws(DeviceError) in
      try HostData.floats(host).withBytes { bytes throws(DeviceError) in try context.write(bytes, to: buffer) }
    }
    let from = try times(context, runs) { () throws(DeviceError) in
      var failure: DeviceError?
      host.withUnsafeMutableBytes { bytes in
        do throws(DeviceError) { try context.read(buffer, into: bytes) } catch { failure = error }
      }
      if let failure { throw failure }
    }
    let kernel = try context.kernel("peak_nothing", file: "peak.cl", defines: LaunchSizes(device: device).defines)
    let launches = 1000
    let launch = try times(context, runs) { () throws(DeviceError) in
      for _ in 0..<launches { try context.launch(kernel, [.write(buffer)], range: .groups(1, of: 1)) }
    }
    let size = "\(byteCount >> 20) MiB"
    return [
      BenchmarkRow(kernel: "transfer_to_device", shape: size, times: to, bytes: Double(byteCount)),
      BenchmarkRow(kernel: "transfer_from_device", shape: size, times: from, bytes: Double(byteCount)),
      BenchmarkRow(kernel: "launch", shape: "of \(launches) in a row", times: launch.map { $0 / Double(launches) }),
    ]
  }

  /// Milliseconds of `runs` repetitions, each until the device has finished, after one to warm up.
  private static func times(
    _ context: Context, _ runs: Int, _ work: () throws(DeviceError) -> Void
  ) throws(DeviceError) -> [Double] {
    var times: [Double] = []
    for run in 0...runs {
      let start = ContinuousClock.now
      try work()
      try context.finish()
      if run > 0 { times.append((ContinuousClock.now - start) / .milliseconds(1)) }
    }
    return times
  }
}
