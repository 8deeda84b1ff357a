import Kernels
import Testing

@Suite("OpenCL errors")
struct DeviceErrorTests {
  @Test("says the call, the header's name of the status, the values and the remedy, in one line")
  func description() {
    let error = DeviceError(call: "clEnqueueNDRangeKernel", status: -54, detail: "add, global [6]", remedy: "report it")
    #expect(error.description == "clEnqueueNDRangeKernel: CL_INVALID_WORK_GROUP_SIZE (add, global [6]); report it")
    #expect(DeviceError(call: "clFinish", status: -9999).description.contains("-9999"))
  }

  @Test("exit codes", arguments: [(-4, 5), (-5, 5), (-6, 5), (-61, 5), (-54, 70)] as [(Int32, Int32)])
  func exitCodes(_ status: Int32, _ code: Int32) {
    #expect(DeviceError(call: "x", status: status).exitCode == code)
  }

  @Test("kinds that the caller names keep their codes")
  func kinds() {
    #expect(DeviceError(kind: .noSuchDevice, call: "x").exitCode == 69)
    #expect(DeviceError(kind: .build, call: "x", status: -5).exitCode == 70, "a build that fails for memory is a build")
    #expect(DeviceError(kind: .outOfMemory, call: "x").exitCode == 5)
  }
}
