import GPUTensor
import Kernels
import TestSupport
import Testing

@Suite("Kernel traits")
struct KernelTraitsTests {
  @Test("the families of a class of device", .onOpenCL, arguments: OpenCLDevices.all)
  func traits(_ device: Device) {
    let traits = KernelTraits(device: device)
    #expect(traits.workGroupSize <= device.maxWorkGroupSize)
    #expect(traits.matmulFamily == (device.kind == .cpu ? .panel : .tile))
    #expect(traits.attentionFamily == (device.kind == .cpu ? .panel : .tile))
    #expect(
      traits.defines == [
        "WG_SIZE": traits.workGroupSize, "VECTOR_WIDTH": traits.vectorWidth, "GROUP_ELEMENTS": traits.groupElements,
      ])
  }
}
