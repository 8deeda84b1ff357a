import Foundation
import Trainer

/// Reads inputs one after another, and reports violations of a reader's limits.
struct Trial {
  /// Bytes that a reader may take for any file: tables, and the runtime's own.
  private static let freeBytes = 8 << 20
  /// Further bytes that a reader may take for each byte of the file.
  private static let bytesPerByte = 256
  /// Bytes of address space that may be reserved beyond the process's first size, so that a huge reservation fails even
  /// if untouched.
  private static let addressRoom = 1 << 30

  private let target: FuzzTarget
  private let clearsPeak: Int32
  private let status: Int32

  /// Limits this process's address space, permanently.
  init(_ target: FuzzTarget) {
    self.target = target
    clearsPeak = open("/proc/self/clear_refs", O_WRONLY)
    status = open("/proc/self/status", O_RDONLY)
    let size = Self.value("VmSize:", in: status)
    var limit = rlimit(rlim_cur: rlim_t(size + Self.addressRoom), rlim_max: rlim_t(size + Self.addressRoom))
    if size > 0 { setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) }
  }

  /// The reader's fault with an input; nil where there is none.
  func fault(of input: [UInt8]) -> String? {
    _ = write(clearsPeak, "5", 1)
    let before = Self.value("VmHWM:", in: status)
    let start = Self.processorSeconds()
    let refusal = refusal(of: input)
    let seconds = Self.processorSeconds() - start
    let growth = Self.value("VmHWM:", in: status) - before
    if let refusal { return refusal }
    if seconds > 1 { return "took \(seconds) seconds of processor time" }
    let allowed = Self.freeBytes + Self.bytesPerByte * input.count
    if growth > allowed { return "took \(growth) bytes for a file of \(input.count), where \(allowed) are allowed" }
    return nil
  }

  /// The fault in the reader's refusal of an input; nil where it accepts the input, or refuses with an error for users.
  private func refusal(of input: [UInt8]) -> String? {
    do {
      try target.read(Data(input))
      return nil
    } catch {
      guard FuzzTarget.isOurs(error) else { return "threw a \(type(of: error)): \(error)" }
      let text = "\(error)"
      if text.isEmpty || text.contains(where: \.isNewline) {
        return "an error is no single line: \(text.debugDescription)"
      }
      return nil
    }
  }

  private static func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  /// A size in /proc/self/status, in bytes; 0 where the system does not tell.
  private static func value(_ key: String, in status: Int32) -> Int {
    var text = [UInt8](repeating: 0, count: 4096)
    let count = pread(status, &text, text.count, 0)
    guard count > 0 else { return 0 }
    let lines = String(decoding: text[..<count], as: UTF8.self).split(separator: "\n")
    let words = lines.first { $0.hasPrefix(key) }?.split(whereSeparator: \.isWhitespace) ?? []
    return words.count > 1 ? (Int(words[1]) ?? 0) * 1024 : 0
  }
}
