import Kernels
import Synchronization

/// Tries a driver's sub-groups, by a sum and a maximum over a work-group: once for each device in a process.
enum SubgroupProbe {
  private static let found = Mutex<[Int: Bool]>([:])

  /// True where both results are right.
  ///
  /// - Parameter traits: the device's traits with `usesSubgroups` on.
  static func passes(on device: Device, _ traits: KernelTraits) -> Bool {
    if let known = found.withLock({ $0[device.index] }) { return known }
    let works = (try? adds(on: device, traits)) ?? false
    found.withLock { $0[device.index] = works }
    return works
  }

  private static func adds(on device: Device, _ traits: KernelTraits) throws(DeviceError) -> Bool {
    let size = traits.workGroupSize
    let context = try Context(device: device)
    let results = try context.makeBuffer(byteCount: 8)
    let kernel = try context.kernel("probe_subgroups", file: "probe_subgroups.cl", defines: traits.defines)
    try context.launch(kernel, [.write(results)], range: .groups(1, of: size))
    let values = try context.words(of: results, count: 2).map(Float.init(bitPattern:))
    return values == [Float(size * (size + 1) / 2), Float(size)]
  }
}
