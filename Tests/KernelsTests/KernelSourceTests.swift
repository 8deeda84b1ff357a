import Foundation
import Kernels
import TestSupport
import Testing

// ACCRETE_KERNELS belongs to the whole process, so these tests change it in a child.
@Suite("Kernel files")
struct KernelSourceTests {
  @Test("ACCRETE_KERNELS wins, and a folder without kernels is an error that names it")
  func folder() async {
    await #expect(processExitsWith: .success) {
      try KernelFolder.use(["prelude/common.cl": "// nothing\n"]) { folder in
        let found = try KernelSource.folder()
        #expect(found.path == folder.path)
      }
      setenv("ACCRETE_KERNELS", "/nonexistent/kernels", 1)
      let error = try #require(throws: DeviceError.self) { try KernelSource.folder() }
      #expect(error.kind == .build)
      #expect(error.exitCode == 70)
      #expect(error.description.contains("ACCRETE_KERNELS=/nonexistent/kernels"))
      #expect(!error.description.contains("\n"))
    }
  }

  @Test("without ACCRETE_KERNELS the source tree's kernels are found from the executable")
  func sourceTree() async {
    await #expect(processExitsWith: .success) {
      unsetenv("ACCRETE_KERNELS")
      let folder = try KernelSource.folder()
      #expect(FileManager.default.fileExists(atPath: folder.appending(path: "rmsnorm.cl").path))
    }
  }

  @Test("includes are replaced once each, and #line points at the files that a person would open")
  func includes() async {
    await #expect(processExitsWith: .success) {
      let files = [
        "prelude/common.cl": "int c;\n",
        "inner.cl": "#include \"prelude/common.cl\"\nint i;",
        "outer.cl": "// first\n#include \"inner.cl\"\n#include \"prelude/common.cl\"\nint o;",
      ]
      let expected = """
        #line 1 "outer.cl"
        // first
        #line 1 "inner.cl"
        #line 1 "prelude/common.cl"
        int c;

        #line 2 "inner.cl"
        int i;
        #line 3 "outer.cl"
        #line 4 "outer.cl"
        int o;
        """
      try KernelFolder.use(files) { _ in
        let source = try KernelSource.load("outer.cl")
        #expect(source == expected)
      }
    }
  }

  @Test("a file that is not there is named with its folder, also where another includes it")
  func missing() async {
    await #expect(processExitsWith: .success) {
      try KernelFolder.use(["prelude/common.cl": "#include \"lost.cl\"\n"]) { folder in
        for (file, named) in [("absent.cl", "absent.cl"), ("prelude/common.cl", "lost.cl")] {
          let error = try #require(throws: DeviceError.self) { try KernelSource.load(file) }
          #expect(error.kind == .build)
          #expect(error.description.contains(folder.appending(path: named).path))
        }
      }
    }
  }

  @Test("every kernel file compiles alone, with its defaults", .onOpenCL)
  func standalone() throws {
    // Files without a kernel, and those for instructions that a processor may lack, which a child tries.
    let others = [
      "attention/lanes.cl", "attention/tile.cl", "matmul/few_rows_product.cl", "matmul/group.cl", "matmul/units.cl",
      "probe.cl",
    ]
    let files = try Self.files().filter { !$0.hasPrefix("prelude/") && !others.contains($0) }
    #expect(files.count > 10)
    for device in OpenCLDevices.all where device.runsCLBlast {
      let context = try Context(device: device)
      for file in files {
        let source = try KernelSource.load(file)
        let name = try #require(source.firstMatch(of: #/__kernel[^(]*\(\([^)]*\)+\s*void (\w+)\(/#)?.1, "\(file)")
        #expect(try context.kernel(String(name), file: file).name == name)
      }
    }
  }

  // A violation shows only where groups overlap in time; kernels/prelude/local.cl gives the reason.
  @Test("a function that takes local memory is a LOCAL_FUNCTION")
  func localFunctions() throws {
    var declared = 0
    for file in try Self.files() {
      let source = try String(contentsOf: KernelFolder.repository.appending(path: file), encoding: .utf8)
      for function in source.matches(of: #/(?m)^(static inline|LOCAL_FUNCTION) [^(]*\([^)]*\b__local\b/#) {
        #expect(function.1 == "LOCAL_FUNCTION", "\(file): \(function.0)")
        declared += 1
      }
    }
    #expect(declared > 10)
  }

  private static func files() throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: KernelFolder.repository.path)
      .filter { $0.hasSuffix(".cl") }.sorted()
  }
}
