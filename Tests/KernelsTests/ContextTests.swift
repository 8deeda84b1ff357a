import Kernels
import TestSupport
import Testing

@Suite("Buffers and launches", .onOpenCL)
struct ContextTests {
  private func write(_ values: [UInt32], to buffer: Buffer, offset: Int = 0, _ context: Context) throws {
    try values.withUnsafeBytes { try context.write($0, to: buffer, offset: offset) }
  }

  private func read(_ buffer: Buffer, offset: Int = 0, count: Int, _ context: Context) throws -> [UInt32] {
    var values = [UInt32](repeating: 0, count: count)
    try values.withUnsafeMutableBytes { try context.read(buffer, offset: offset, into: $0) }
    return values
  }

  @Test("writes, reads, fills and copies, at offsets; the ledger counts what crossed", arguments: OpenCLDevices.all)
  func transfers(_ device: Device) throws {
    let context = try Context(device: device)
    let (a, b) = (try context.makeBuffer(byteCount: 32), try context.makeBuffer(byteCount: 32))
    let start = context.ledger
    try context.fill(a, pattern: 7, byteCount: 32)
    try context.fill(b, pattern: 0xFFFF_FFFF, byteCount: 32)
    try write([1, 2], to: a, offset: 4, context)
    try context.fill(a, pattern: 9, offset: 20, byteCount: 8)
    try context.copy(from: a, offset: 4, to: b, targetOffset: 12, byteCount: 8)
    let nothing = UInt32.max
    #expect(try read(a, count: 8, context) == [7, 1, 2, 7, 7, 9, 9, 7])
    #expect(try read(b, count: 8, context) == [nothing, nothing, nothing, 1, 2, nothing, nothing, nothing])
    #expect(try read(a, offset: 20, count: 2, context) == [9, 9])
    let moved = context.ledger - start
    #expect(moved.bytesToDevice == 8, "fills and copies stay on the device")
    #expect(moved.bytesFromDevice == 32 + 32 + 8)
  }

  @Test("a write copies its bytes first: the caller may change them at once", arguments: OpenCLDevices.all)
  func staging(_ device: Device) throws {
    let context = try Context(device: device)
    let buffer = try context.makeBuffer(byteCount: 4 * 1000)
    var value: [UInt32] = [0]
    for index in 0..<1000 {
      value[0] = UInt32(index)
      try write(value, to: buffer, offset: index * 4, context)
      value[0] = .max
    }
    #expect(try read(buffer, count: 1000, context) == (0..<1000).map(UInt32.init))
  }

  @Test("more than a megabyte at once", arguments: OpenCLDevices.all)
  func large(_ device: Device) throws {
    let context = try Context(device: device)
    let values = (0..<300_000).map(UInt32.init)
    let buffer = try context.makeBuffer(byteCount: values.count * 4)
    try write(values, to: buffer, context)
    #expect(try read(buffer, count: values.count, context) == values)
    #expect(context.ledger.bytesToDevice == values.count * 4)
  }

  @Test("live and peak bytes follow the buffers", arguments: OpenCLDevices.all)
  func accounting(_ device: Device) throws {
    let context = try Context(device: device)
    let kept = try context.makeBuffer(byteCount: 1024)
    do {
      let passing = try context.makeBuffer(byteCount: 4096)
      #expect(context.allocatedBytes == 5120)
      try context.fill(passing, pattern: 0, byteCount: passing.byteCount)
      try context.finish()
    }
    #expect(context.allocatedBytes == 1024)
    #expect(context.peakAllocatedBytes == 5120)
    #expect(kept.byteCount == 1024)
  }

  @Test("a buffer larger than a device allows: exit code 5, with both sizes", arguments: OpenCLDevices.all)
  func tooLarge(_ device: Device) throws {
    let context = try Context(device: device)
    let bytes = device.largestAllocationBytes + 1
    let error = try #require(throws: DeviceError.self) { try context.makeBuffer(byteCount: bytes) }
    #expect(error.kind == .outOfMemory)
    #expect(error.exitCode == 5)
    #expect(error.detail.contains("\(bytes)") && error.detail.contains("\(device.largestAllocationBytes)"))
    #expect(error.remedy.contains("more memory"))
  }

  @Test("windows, also of windows, are places in their buffer, and keep it alive", arguments: OpenCLDevices.all)
  func windows(_ device: Device) throws {
    let context = try Context(device: device)
    let step = device.baseAlignmentBytes
    func makeWindows() throws -> (outer: Buffer, inner: Buffer) {
      let buffer = try context.makeBuffer(byteCount: 8 * step)
      try context.fill(buffer, pattern: 3, byteCount: 8 * step)
      let outer = try buffer.window(offset: 2 * step, byteCount: 4 * step)
      return (outer, try outer.window(offset: step, byteCount: step))
    }
    let (outer, inner) = try makeWindows()
    #expect(context.allocatedBytes == 8 * step, "the buffer lives as long as a window of it")
    #expect((outer.byteCount, inner.byteCount) == (4 * step, step))
    try write([11, 12], to: inner, context)
    #expect(try read(outer, offset: step - 4, count: 4, context) == [3, 11, 12, 3])
    try context.fill(outer, pattern: 5, byteCount: 4 * step)
    #expect(try read(inner, count: 2, context) == [5, 5])
  }

  /// Adds `count` elements with elementwise.cl's `add_forward`.
  private func add(_ context: Context, count: Int) throws -> [Float] {
    let (a, b) = ((0..<count).map { Float($0) }, (0..<count).map { Float($0 * 2) })
    let buffers = try (0..<3).map { _ in try context.makeBuffer(byteCount: count * 4) }
    try a.withUnsafeBytes { try context.write($0, to: buffers[1]) }
    try b.withUnsafeBytes { try context.write($0, to: buffers[2]) }
    let sizes = LaunchSizes(device: context.device)
    let kernel = try context.kernel("add_forward", file: "elementwise.cl", defines: sizes.defines)
    let groups = (count + sizes.groupElements - 1) / sizes.groupElements
    try context.launch(
      kernel, [.write(buffers[0]), .read(buffers[1]), .read(buffers[2]), .ulong(count)],
      range: .groups(groups, of: sizes.workGroupSize))
    var sum = [Float](repeating: 0, count: count)
    try sum.withUnsafeMutableBytes { try context.read(buffers[0], into: $0) }
    return sum
  }

  @Test("a launch computes, and a profiling context knows its device time", arguments: OpenCLDevices.all)
  func profile(_ device: Device) throws {
    let context = try Context(device: device, profiling: true)
    for count in [1, 70_001] {
      #expect(try add(context, count: count) == (0..<count).map { Float($0 * 3) })
    }
    let profile = try context.takeProfile()
    #expect(profile.map(\.kernel) == ["add_forward"])
    #expect(profile.map(\.launches) == [2])
    #expect(profile.allSatisfy { $0.milliseconds >= 0 && $0.milliseconds < 10_000 })
    #expect(try context.takeProfile().isEmpty, "taken is taken")
    let plain = try Context(device: device)
    _ = try add(plain, count: 3)
    #expect(try plain.takeProfile().isEmpty)
  }

  @Test("one argument too many is refused, with the kernel's name", arguments: OpenCLDevices.all)
  func wrongArgument(_ device: Device) throws {
    let context = try Context(device: device)
    let sizes = LaunchSizes(device: context.device)
    let kernel = try context.kernel("add_forward", file: "elementwise.cl", defines: sizes.defines)
    let buffer = try context.makeBuffer(byteCount: 16)
    let error = try #require(throws: DeviceError.self) {
      try context.launch(
        kernel, [.write(buffer), .read(buffer), .read(buffer), .ulong(4), .int(0)],
        range: .groups(1, of: sizes.workGroupSize))
    }
    #expect(error.description.contains("argument 4 of add_forward"))
    #expect(error.description.contains("CL_INVALID_ARG_INDEX"))
  }
}
