import Foundation
import GPUTensor
import Kernels
import TestSupport
import Testing

/// Checks of the checks: kernels are broken in copies, and the checks must find it. `ACCRETE_KERNELS` belongs to the
/// whole process, so each breakage has a child process.
@Suite("Checks that can fail", .onOpenCL)
struct BrokenKernelTests {
  /// The stems that fail with the kernels of a folder, each in the device's default family.
  private static func failures(of stems: [String], kernels: URL) throws -> [String] {
    setenv("ACCRETE_KERNELS", kernels.path, 1)
    // A cache of its own: PoCL's cache does not support several processes that compile the same kernels.
    let cache = kernels.appending(path: "cache")
    try FileManager.default.createDirectory(at: cache, withIntermediateDirectories: true)
    setenv("POCL_CACHE_DIR", cache.path, 1)
    defer { try? FileManager.default.removeItem(at: kernels) }
    return try stems.filter { stem in
      try OperationTesting(stem).variants.prefix(1).contains {
        try !OperationTesting(stem).disagreements($0, sizes: .small).isEmpty
      }
    }
  }

  @Test("intact copies pass")
  func intact() async {
    await #expect(processExitsWith: .success) {
      let kernels = try KernelFolder.copy(breaking: "rmsnorm.cl", replacing: "// Math:", with: "// Mathematics:")
      #expect(try BrokenKernelTests.failures(of: ["rmsnorm"], kernels: kernels) == [])
    }
  }

  @Test("a tail that drops a row's last element")
  func droppedTail() async {
    await #expect(processExitsWith: .success) {
      let kernels = try KernelFolder.copy(
        breaking: "rmsnorm.cl", replacing: "load_lanes(x + offset + i, columns - i);",
        with: "load_lanes(x + offset + i, columns - i - 1);")
      #expect(try BrokenKernelTests.failures(of: ["rmsnorm", "bias"], kernels: kernels) == ["rmsnorm"])
    }
  }

  @Test("a tail that writes one element too few, in every kernel that stores rows")
  func shortStore() async {
    await #expect(processExitsWith: .success) {
      let kernels = try KernelFolder.copy(
        breaking: "prelude/common.cl", replacing: "if (lane < remaining) pointer[lane] = lanes[lane];",
        with: "if (lane + 1 < remaining) pointer[lane] = lanes[lane];", count: 2)
      #expect(try BrokenKernelTests.failures(of: ["softmax", "bias"], kernels: kernels) == ["softmax", "bias"])
    }
  }

  @Test("a gradient with the wrong sign in one term")
  func wrongSign() async {
    await #expect(processExitsWith: .success) {
      let kernels = try KernelFolder.copy(
        breaking: "swiglu.cl", replacing: "(1.0f + z * (1.0f - s))", with: "(1.0f - z * (1.0f - s))")
      #expect(try BrokenKernelTests.failures(of: ["swiglu", "bias"], kernels: kernels) == ["swiglu"])
    }
  }

  @Test("a gradient that overwrites what it should add to")
  func lostAccumulation() async {
    await #expect(processExitsWith: .success) {
      let kernels = try KernelFolder.copy(
        breaking: "prelude/common.cl", replacing: "accumulate ? load_lanes(pointer, remaining) + value : value",
        with: "value")
      #expect(try BrokenKernelTests.failures(of: ["elementwise", "rope"], kernels: kernels) == ["elementwise"])
    }
  }

  private static let doctor = TestData.packageRoot.appending(path: ".build/release/accrete")

  @Test(
    "accrete doctor ends with 70 and names the broken kernel",
    .enabled(if: FileManager.default.isExecutableFile(atPath: doctor.path), "accrete is not built in .build/release"))
  func doctorNamesIt() throws {
    // Only the files that rmsnorm's cases need: the other ops fail fast, since their files are missing.
    let kernels = try KernelFolder.copy(
      only: [
        "prelude/common.cl", "prelude/local.cl", "prelude/tanh.cl", "fill.cl", "rmsnorm.cl", "reduce.cl",
        "elementwise.cl",
      ],
      breaking: "rmsnorm.cl",
      replacing: "load_lanes(x + offset + i, columns - i);", with: "load_lanes(x + offset + i, columns - i - 1);")
    defer { try? FileManager.default.removeItem(at: kernels) }
    // CLBlast's kernels compile slowly: they are kept between test runs, in a cache of this test alone.
    let cache = TestData.packageRoot.appending(path: ".build/doctor-test-cache")
    try FileManager.default.createDirectory(at: cache, withIntermediateDirectories: true)
    let process = Process()
    process.executableURL = Self.doctor
    process.arguments = ["doctor", "--small", "--json"]
    process.environment = ProcessInfo.processInfo.environment.merging(
      ["ACCRETE_KERNELS": kernels.path, "POCL_CACHE_DIR": cache.path]
    ) { $1 }
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let data = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    #expect(process.terminationStatus == 70)

    struct Report: Decodable {
      struct Entry: Decodable {
        let name: String
        let passed: Bool
        let detail: String?
      }
      let kernels: [Entry]
    }
    let report = try JSONDecoder().decode(Report.self, from: data)
    func entry(_ name: String) throws -> Report.Entry {
      let found = report.kernels.first { $0.name == name }
      return try #require(found)
    }
    #expect(try !entry("rmsnorm").passed)
    let detail = try #require(try entry("rmsnorm").detail)
    #expect(detail.contains("expected"), "the case and the worst element: \(detail)")
    #expect(try entry("elementwise").passed)
    #expect(try entry("softmax").detail?.contains("softmax.cl") == true, "what is missing is named too")
  }
}
