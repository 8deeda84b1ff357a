import Foundation
import Kernels
import TestSupport
import Testing

@Suite("Choosing a device")
struct DeviceSelectionTests {
  @Test(
    "what users write",
    arguments: [
      ("auto", .auto), ("", .auto), ("AUTO", .auto), ("cpu", .cpu), ("CPU", .cpu), ("0", .index(0)), ("12", .index(12)),
      ("-1", .index(-1)), ("nvidia", .name("nvidia")), ("Portable Computing", .name("Portable Computing")),
    ] as [(String, DeviceSelection)])
  func parsing(_ text: String, _ expected: DeviceSelection) {
    #expect(DeviceSelection(text) == expected)
  }

  @Test("the option wins over the recipe")
  func precedence() {
    #expect(DeviceSelection.resolve("cpu", else: "1") == .cpu)
    #expect(DeviceSelection.resolve("auto", else: "cpu") == .auto)
    #expect(DeviceSelection.resolve(nil, else: "1") == .index(1))
  }

  @Test("the recipe wins over ACCRETE_DEVICE, and that over auto")
  func environment() async {
    // The environment belongs to the whole process, so a child changes its own.
    await #expect(processExitsWith: .success) {
      setenv("ACCRETE_DEVICE", "pocl", 1)
      #expect(DeviceSelection.resolve(nil) == .name("pocl"))
      #expect(DeviceSelection.resolve(nil, else: "auto") == .name("pocl"))
      #expect(DeviceSelection.resolve(nil, else: "cpu") == .cpu)
      #expect(DeviceSelection.resolve("2", else: "cpu") == .index(2))
      unsetenv("ACCRETE_DEVICE")
      #expect(DeviceSelection.resolve(nil) == .auto)
    }
  }

  @Test("cpu is the fallback, whatever there is")
  func fallback() throws {
    #expect(try DeviceSelection.cpu.device() == nil)
  }

  @Test("auto takes a GPU before an accelerator before a CPU device, and the fallback where there is none")
  func automatic() throws {
    let chosen = try DeviceSelection.auto.device()
    let best = [Device.Kind.gpu, .accelerator, .cpu].first { kind in OpenCLDevices.all.contains { $0.kind == kind } }
    #expect(chosen?.kind == best)
  }

  @Test("each device by its index, and by a part of its name in any case", .onOpenCL)
  func byIndexAndName() throws {
    for device in OpenCLDevices.all {
      #expect(try DeviceSelection.index(device.index).device()?.index == device.index)
      let found = try DeviceSelection.name(device.name.uppercased()).device()
      #expect(found?.name == device.name)
      #expect(try DeviceSelection.name(String(device.platform.lowercased().prefix(5))).device() != nil)
    }
  }

  @Test(
    "a device that is not there: exit code 69, and those that are",
    arguments: [.index(999), .index(-1), .name("zx81")] as [DeviceSelection])
  func missing(_ selection: DeviceSelection) throws {
    let error = try #require(throws: DeviceError.self) { try selection.device() }
    #expect(error.kind == .noSuchDevice)
    #expect(error.exitCode == 69)
    for device in OpenCLDevices.all { #expect(error.detail.contains("\(device.index) \(device.name)")) }
    switch selection {
    case .index(let index): #expect(error.detail.contains("\(index)"))
    case .name(let name): #expect(error.detail.contains("\"\(name)\""))
    default: break
    }
    #expect(!error.remedy.isEmpty)
    #expect(!error.description.contains("\n"))
  }
}
