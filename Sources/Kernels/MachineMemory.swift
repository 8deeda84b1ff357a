import Foundation
import Glibc

/// The memory that this process may use: the machine's, or less where a control group or `ulimit` sets a limit.
///
/// The system kills a process that passes it without a message, so plans are compared with it before anything is
/// allocated.
package struct MachineMemory: Sendable, Equatable {
  /// Bytes that the process may ever have.
  package let installedBytes: Int
  /// Bytes free now, with those that the system would free for the process (file cache, swap space).
  package let availableBytes: Int

  package init(installedBytes: Int, availableBytes: Int) {
    self.installedBytes = installedBytes
    self.availableBytes = min(installedBytes, availableBytes)
  }

  /// The present values.
  package static var current: MachineMemory { MachineMemory(root: URL(fileURLWithPath: "/"), limits: processLimits) }

  /// - Parameters:
  ///   - root: the folder that holds `proc` and `sys`.
  ///   - limits: limits of the process itself, in bytes.
  package init(root: URL, limits: [Int] = []) {
    let memory = Self.sizes(in: root.appending(path: "proc/meminfo"))
    let physical = memory["MemTotal"] ?? Int(clamping: ProcessInfo.processInfo.physicalMemory)
    let free = memory["MemAvailable"].map { $0 + (memory["SwapFree"] ?? 0) } ?? physical
    let most = (limits + Self.groupLimits(root: root)).min() ?? .max
    self.init(installedBytes: min(physical, most), availableBytes: free)
  }

  /// The sizes of `/proc/meminfo`, in bytes.
  private static func sizes(in file: URL) -> [String: Int] {
    var sizes: [String: Int] = [:]
    for line in text(of: file).split(separator: "\n") {
      let words = line.split { $0 == " " || $0 == ":" }
      if words.count > 1, let size = Int(words[1]) { sizes[String(words[0])] = size * 1024 }
    }
    return sizes
  }

  /// The limits of `ulimit -v` and `ulimit -d`, in bytes.
  private static var processLimits: [Int] {
    [RLIMIT_AS, RLIMIT_DATA].compactMap { resource in
      var limit = rlimit()
      guard getrlimit(__rlimit_resource_t(resource.rawValue), &limit) == 0, limit.rlim_cur < UInt(Int.max) else {
        return nil
      }
      return Int(limit.rlim_cur)
    }
  }

  // MARK: - Control groups

  /// The memory limits, in bytes, of the process's control group and of the groups above it: `memory.max` of version 2,
  /// `memory.limit_in_bytes` of version 1. In a container the group's own path may be missing; its limit is then at the
  /// mount's top.
  ///
  /// - Source: Linux, Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst.
  private static func groupLimits(root: URL) -> [Int] {
    let mount = root.appending(path: "sys/fs/cgroup")
    var limits: [Int] = []
    for line in text(of: root.appending(path: "proc/self/cgroup")).split(separator: "\n") {
      // "0::/path" in version 2, "4:cpu,memory:/path" in version 1.
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { continue }
      let isSecond = parts[1].isEmpty
      guard isSecond || parts[1].split(separator: ",").contains("memory") else { continue }
      let top = isSecond ? mount : mount.appending(path: "memory")
      let name = isSecond ? "memory.max" : "memory.limit_in_bytes"
      var folders = [top]
      for part in parts[2].split(separator: "/") where part != ".." {
        folders.append((folders.last ?? top).appending(path: String(part)))
      }
      // "max", and a number near 2^63 in version 1, mean no limit.
      limits += folders.compactMap { Int(text(of: $0.appending(path: name)).split(separator: "\n").first ?? "") }
    }
    return limits
  }

  private static func text(of file: URL) -> String {
    guard let data = try? RegularFile.contents(of: file) else { return "" }
    return String(decoding: data, as: UTF8.self)
  }
}
