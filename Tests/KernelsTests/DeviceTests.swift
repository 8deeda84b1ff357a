import Kernels
import TestSupport
import Testing

@Suite("Devices")
struct DeviceTests {
  @Test("no driver refuses to answer, and devices are numbered in their order")
  func enumeration() throws {
    let devices = try Device.all()
    #expect(devices.map(\.index) == Array(devices.indices))
  }

  @Test("what a driver says of a device is usable", .onOpenCL, arguments: OpenCLDevices.all)
  func properties(_ device: Device) {
    #expect(!device.name.isEmpty && !device.name.contains("\0"))
    #expect(!device.platform.isEmpty && !device.driverVersion.isEmpty)
    #expect(device.openCLVersion.hasPrefix("OpenCL "))
    #expect(device.computeUnits > 0)
    #expect(device.largestAllocationBytes > 0)
    #expect(device.largestAllocationBytes <= device.globalMemoryBytes)
    #expect(device.maxWorkGroupSize > 0)
    #expect(device.baseAlignmentBytes >= 64)
  }

  @Test("windows at multiples of 1024 bytes are aligned for every device", .onOpenCL, arguments: OpenCLDevices.all)
  func alignment(_ device: Device) {
    #expect(1024 % device.baseAlignmentBytes == 0, "SlabLayout.alignmentBytes")
  }
}
