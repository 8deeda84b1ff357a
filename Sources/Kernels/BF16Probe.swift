import Foundation

/// Whether a device multiplies pairs of bf16 by the processor's own instruction (`vdpbf16ps` of AVX512_BF16), which
/// OpenCL C reaches through inline assembly alone.
///
/// A processor that lacks it, or a compiler that cannot place it, ends the process: so it is tried in a child.
package enum BF16Probe {
  /// The hidden command of `accrete` that the child runs, followed by the device's index.
  package static let command = "probe-bf16"

  /// - Parameters:
  ///   - executable: `accrete`.
  ///   - seconds: after which the child is ended, and the answer is no.
  package static func passes(on device: Device, executable: URL, seconds: Double = 30) -> Bool {
    guard device.kind == .cpu, processorClaimsIt,
      let index = (try? Device.all())?.firstIndex(where: { $0.handle == device.handle })
    else { return false }
    let child = Process()
    child.executableURL = executable
    child.arguments = [command, String(index)]
    child.standardOutput = FileHandle.nullDevice
    child.standardError = FileHandle.nullDevice
    let ended = DispatchSemaphore(value: 0)
    child.terminationHandler = { _ in ended.signal() }
    do { try child.run() } catch { return false }
    guard ended.wait(timeout: .now() + seconds) == .success else {
      child.terminate()
      return false
    }
    return child.terminationReason == .exit && child.terminationStatus == 0
  }

  /// `accrete` where this process is it; nil elsewhere.
  package static var ownExecutable: URL? {
    let executable = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    return executable.lastPathComponent == "accrete" ? executable : nil
  }

  /// What the child does: multiplies by the instruction, and compares.
  package static func run(on device: Device) throws(OpenCLError) -> Bool {
    let context = try Context(device: device)
    let kernel = try context.kernel("probe_bf16", file: "probe.cl")
    let (sums, pairs) = (try context.makeBuffer(byteCount: 64), try context.makeBuffer(byteCount: 128))
    // 1 and 2 in each pair of the left factor, 3 and −4 in the right: 0.5 + 3 − 8.
    let left = [UInt32](repeating: 0x4000_3F80, count: 16), right = [UInt32](repeating: 0xC080_4040, count: 16)
    try write((left + right), to: pairs, context)
    try write([UInt32](repeating: Float(0.5).bitPattern, count: 16), to: sums, context)
    try context.launch(kernel, [.update(sums), .read(pairs)], range: .groups(1, of: 1))
    var found = [UInt32](repeating: 0, count: 16)
    var failure: OpenCLError?
    found.withUnsafeMutableBytes { bytes in
      do throws(OpenCLError) { try context.read(sums, into: bytes) } catch { failure = error }
    }
    if let failure { throw failure }
    return found.allSatisfy { Float(bitPattern: $0) == -4.5 }
  }

  private static func write(_ words: [UInt32], to buffer: Buffer, _ context: Context) throws(OpenCLError) {
    try words.withUnsafeBufferPointer { words throws(OpenCLError) in
      try context.write(UnsafeRawBufferPointer(words), to: buffer)
    }
  }

  /// A hint that spares other processors the child.
  private static var processorClaimsIt: Bool {
    guard let file = FileHandle(forReadingAtPath: "/proc/cpuinfo"), let data = try? file.readToEnd() else { return false }
    return String(decoding: data, as: UTF8.self).contains("avx512_bf16")
  }
}
