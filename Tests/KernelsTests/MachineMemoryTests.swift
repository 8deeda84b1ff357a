import Foundation
import Kernels
import Testing

@Suite("The machine's memory")
struct MachineMemoryTests {
  private static let gibibyte = 1 << 30

  /// A folder with the files in which Linux shows memory and control groups.
  private final class Fixture {
    let root = FileManager.default.temporaryDirectory.appending(path: "memory-\(UUID().uuidString)")

    init(meminfo: String, groups: String = "", files: [String: String] = [:]) throws {
      for (path, text) in ["proc/meminfo": meminfo, "proc/self/cgroup": groups].merging(files, uniquingKeysWith: { $1 })
      {
        let file = root.appending(path: path)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
      }
    }

    deinit { try? FileManager.default.removeItem(at: root) }
  }

  /// The memory that a fixture shows; keeps the fixture's folder until it is read.
  private static func memory(_ fixture: Fixture, limits: [Int] = []) -> MachineMemory {
    withExtendedLifetime(fixture) { MachineMemory(root: fixture.root, limits: limits) }
  }

  private static let meminfo =
    "MemTotal:       16777216 kB\nMemFree:          100000 kB\nMemAvailable:    8388608 kB\nSwapFree:        1048576 kB\n"

  @Test("without a limit it is the machine's, and what the system can give up is free")
  func machine() throws {
    let memory = try Self.memory(Fixture(meminfo: Self.meminfo))
    #expect(memory == MachineMemory(installedBytes: 16 * Self.gibibyte, availableBytes: 9 * Self.gibibyte))
  }

  @Test(
    "the least limit of a control group, or of one above it, counts",
    arguments: [
      // Version 2: at the group's own path, above it, and at the top, which is all that a container sees.
      ("0::/a/b\n", ["sys/fs/cgroup/a/b/memory.max": "2147483648\n"]),
      ("0::/a/b\n", ["sys/fs/cgroup/a/b/memory.max": "max\n", "sys/fs/cgroup/a/memory.max": "2147483648\n"]),
      ("0::/../../c\n", ["sys/fs/cgroup/memory.max": "2147483648\n"]),
      // Version 1.
      (
        "9:name=systemd:/x\n4:cpu,memory:/a\n",
        [
          "sys/fs/cgroup/memory/a/memory.limit_in_bytes": "2147483648\n",
          "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
        ]
      ),
    ])
  func groups(_ groups: String, _ files: [String: String]) throws {
    let memory = try Self.memory(Fixture(meminfo: Self.meminfo, groups: groups, files: files))
    #expect(memory == MachineMemory(installedBytes: 2 * Self.gibibyte, availableBytes: 2 * Self.gibibyte))
  }

  @Test("a limit of the process counts too, and a system that shows nothing has the physical memory")
  func others() throws {
    let limited = try Self.memory(Fixture(meminfo: Self.meminfo), limits: [Self.gibibyte])
    #expect(limited.availableBytes == Self.gibibyte)
    let nowhere = MachineMemory(root: URL(fileURLWithPath: "/nowhere"))
    #expect(nowhere.availableBytes == Int(clamping: ProcessInfo.processInfo.physicalMemory))
  }
}
