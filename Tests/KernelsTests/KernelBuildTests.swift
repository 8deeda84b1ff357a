import Foundation
import Kernels
import TestSupport
import Testing

@Suite("Kernels that do not compile", .onOpenCL)
struct KernelBuildTests {
  @Test("the error carries the build log, which names the file and the line as written")
  func buildLog() async {
    await #expect(processExitsWith: .success) {
      let files = [
        "prelude/common.cl": "// one\n// two\n// three\n",
        "wrong.cl":
          "#include \"prelude/common.cl\"\n\n__kernel void wrong(__global float *x) {\n  x[0] = no_such_name;\n}\n",
      ]
      try KernelFolder.use(files) { folder in
        let cache = folder.appending(path: "cache")
        setenv("POCL_CACHE_DIR", cache.path, 1)
        try FileManager.default.createDirectory(at: cache, withIntermediateDirectories: true)
        for device in OpenCLDevices.all {
          let context = try Context(device: device)
          let error = try #require(throws: DeviceError.self) { try context.kernel("wrong", file: "wrong.cl") }
          #expect(error.kind == .build)
          #expect(error.exitCode == 70)
          #expect(error.detail.contains("wrong.cl:4"), "\(error)")
          #expect(error.detail.contains("no_such_name"), "\(error)")
          #expect(error.detail.contains(device.name))
        }
      }
    }
  }

  @Test("a kernel that its file does not have is named with the file", arguments: OpenCLDevices.all)
  func missingKernel(_ device: Device) throws {
    let context = try Context(device: device)
    let error = try #require(throws: DeviceError.self) {
      try context.kernel("no_such_kernel", file: "bias.cl", defines: LaunchSizes(device: device).defines)
    }
    #expect(error.description.contains("no_such_kernel of bias.cl"))
    #expect(error.description.contains("CL_INVALID_KERNEL_NAME"))
  }
}
