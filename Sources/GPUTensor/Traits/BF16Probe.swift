import Foundation
import Kernels

/// Finds the methods of multiplying bf16 that work on a device. OpenCL C reaches most of them through inline assembly or a
/// compiler's own built-ins; where the processor lacks an instruction, or the compiler cannot place it, the process ends.
/// So each method is tried in a child process.
package enum BF16Probe {
  /// The methods that work, in the order of `BF16Method.allCases`.
  ///
  /// - Parameters:
  ///   - executable: the program that the child runs.
  ///   - command: the child's first argument; the device's index and the method follow.
  ///   - seconds: the time limit; a child that reaches it is ended, and its method does not count as working.
  package static func methods(
    on device: Device, executable: URL, command: String, seconds: Double = 30
  ) -> [BF16Method] {
    return BF16Method.allCases.filter { method in
      guard method != .rounding else { return true }
      return isClaimed(method, by: device)
        && passes([command, String(device.index), method.rawValue], executable: executable, seconds: seconds)
    }
  }

  /// True where the device or the processor claims the method; for others no child is started.
  private static func isClaimed(_ method: BF16Method, by device: Device) -> Bool {
    switch method {
    case .rounding: true
    case .avx512: device.kind == .cpu && processorFlags.contains("avx512_bf16")
    case .amx: device.kind == .cpu && processorFlags.contains("amx_bf16")
    case .mma: device.kind == .gpu && device.vendor.contains("NVIDIA")
    case .dpas8, .dpas16: emulatesUnits(device) || device.extensions.contains(matrixExtension)
    case .wmma, .mfma: emulatesUnits(device) || device.kind == .gpu && device.vendor.contains("Advanced Micro Devices")
    }
  }

  private static let matrixExtension = "cl_intel_subgroup_matrix_multiply_accumulate"

  /// True for a CPU device whose sub-groups can stand for the matrix units of a GPU, so that their kernels are checked.
  private static func emulatesUnits(_ device: Device) -> Bool {
    device.kind == .cpu
      && ["cl_intel_subgroups", "cl_intel_required_subgroup_size"].allSatisfy(device.extensions.contains)
  }

  private static func passes(_ arguments: [String], executable: URL, seconds: Double) -> Bool {
    if case .exited(0, _) = ChildProcess.run(arguments, executable: executable, seconds: seconds) { return true }
    return false
  }

  /// Multiplies by one method and compares, in the child; true where the result is right.
  package static func run(_ method: BF16Method, on device: Device) throws(DeviceError) -> Bool {
    guard method != .rounding else { return true }
    let context = try Context(device: device)
    if method == .amx { try context.requestTileRegisters() }
    let unit = MatrixUnit(method)
    let name = unit.map { $0.isNVIDIA ? "mma" : "units" } ?? method.rawValue
    let kernel = try context.kernel(
      "probe_" + name, file: "probe.cl", defines: (unit?.defines ?? [:]) + ["PROBE_" + name: 1])
    let (sums, pairs) = (try context.makeBuffer(byteCount: 64), try context.makeBuffer(byteCount: 128))
    // 1 and 2 in each pair of the left operand, 3 and −4 in the right: 0.5 + 3 − 8 = −4.5.
    let (left, right) = (UInt32(0x4000_3F80), UInt32(0xC080_4040))
    let words = [UInt32](repeating: left, count: 16) + [UInt32](repeating: right, count: 16)
    try write(words, to: pairs, context)
    try write([UInt32](repeating: Float(0.5).bitPattern, count: 16), to: sums, context)
    try context.launch(kernel, [.update(sums), .read(pairs)], range: .groups(1, of: unit?.lanes ?? 1))
    return try context.words(of: sums, count: 16).allSatisfy { Float(bitPattern: $0) == -4.5 }
  }

  private static func write(_ words: [UInt32], to buffer: Buffer, _ context: Context) throws(DeviceError) {
    try words.withUnsafeBufferPointer { words throws(DeviceError) in
      try context.write(UnsafeRawBufferPointer(words), to: buffer)
    }
  }

  /// The words of /proc/cpuinfo, the processor's features among them; empty where it cannot be read.
  private static let processorFlags: Set<String> = {
    guard let file = FileHandle(forReadingAtPath: "/proc/cpuinfo"), let data = try? file.readToEnd() else { return [] }
    return Set(String(decoding: data, as: UTF8.self).split(whereSeparator: \.isWhitespace).map(String.init))
  }()
}
