internal import COpenCL
import Foundation

/// One OpenCL device, as its driver describes it.
package struct Device: @unchecked Sendable {
  /// The driver's class of the device; whoever launches kernels may choose them by it.
  package enum Kind: String, Sendable {
    case gpu, cpu, accelerator
  }

  /// Position in `Device.all()`: a user may choose the device by it.
  package let index: Int
  package let name: String
  package let vendor: String
  package let kind: Kind
  package let platform: String
  package let platformVersion: String
  package let driverVersion: String
  package let openCLVersion: String
  package let computeUnits: Int
  package let clockMegahertz: Int
  package let globalMemoryBytes: Int
  package let largestAllocationBytes: Int
  package let localMemoryBytes: Int
  package let maxWorkGroupSize: Int
  /// Alignment in bytes of a sub-buffer's first byte.
  package let baseAlignmentBytes: Int
  package let extensions: Set<String>
  /// Floats in a vector register.
  package let nativeVectorWidth: Int
  /// True where the driver claims sub-groups; `SubgroupProbe` tries them before they are used.
  package let claimsSubgroups: Bool

  /// Bytes available to the device's buffers: its own memory; on a CPU device at most `hostBytes`.
  package func memoryBytes(ofHost hostBytes: Int) -> Int {
    kind == .cpu ? min(globalMemoryBytes, hostBytes) : globalMemoryBytes
  }

  private var isSimulator: Bool { platform.contains("Oclgrind") }
  /// False under Oclgrind, which interprets kernels: CLBlast's are too many to run there.
  package var runsCLBlast: Bool { !isSimulator }
  /// True where the panel families run: they keep more values in a work-item than a GPU has registers. Oclgrind runs
  /// them too, to check them.
  package var runsPanels: Bool { kind == .cpu || isSimulator }

  /// The compiler option that lets the driver contract a · b + c into one instruction, as OpenCL C allows by default;
  /// only Intel's needs it.
  var contractionOption: String { platform.contains("Intel") ? " -cl-mad-enable" : "" }
  /// The OpenCL C version in which the device has sub-groups.
  var subgroupStandard: String { openCLVersion.hasPrefix("OpenCL 3") ? "CL3.0" : "CL2.0" }

  /// CL_DEVICE_MAX_NUM_SUB_GROUPS, which OpenCL 1.2's headers do not define.
  private static let maxNumSubGroups: Int32 = 0x105C

  // The driver owns root devices for the life of the process, so the handle may be shared between threads.
  let handle: OpaquePointer
  let platformHandle: OpaquePointer

  /// Every device of every platform, in the loader's order.
  ///
  /// - Throws: `DeviceError` where a driver refuses to answer. No platform at all gives an empty list.
  package static func all() throws(DeviceError) -> [Device] {
    var count: cl_uint = 0
    let status = clGetPlatformIDs(0, nil, &count)
    if status == -1001 || (status == 0 && count == 0) { return [] }
    try check(status, "clGetPlatformIDs")
    var platforms = [OpaquePointer?](repeating: nil, count: Int(count))
    try check(clGetPlatformIDs(count, &platforms, nil), "clGetPlatformIDs")

    var devices: [Device] = []
    for platform in platforms.compactMap({ $0 }) {
      var deviceCount: cl_uint = 0
      let found = clGetDeviceIDs(platform, cl_device_type(CL_DEVICE_TYPE_ALL), 0, nil, &deviceCount)
      if found == CL_DEVICE_NOT_FOUND || deviceCount == 0 { continue }
      try check(found, "clGetDeviceIDs")
      var handles = [OpaquePointer?](repeating: nil, count: Int(deviceCount))
      try check(
        clGetDeviceIDs(platform, cl_device_type(CL_DEVICE_TYPE_ALL), deviceCount, &handles, nil), "clGetDeviceIDs")
      for handle in handles.compactMap({ $0 }) {
        devices.append(try Device(index: devices.count, handle: handle, platform: platform))
      }
    }
    return devices
  }

  private init(index: Int, handle: OpaquePointer, platform: OpaquePointer) throws(DeviceError) {
    self.index = index
    self.handle = handle
    self.platformHandle = platform
    name = try Self.text(handle, CL_DEVICE_NAME)
    vendor = try Self.text(handle, CL_DEVICE_VENDOR)
    driverVersion = try Self.text(handle, CL_DRIVER_VERSION)
    openCLVersion = try Self.text(handle, CL_DEVICE_VERSION)
    self.platform = try Self.platformText(platform, CL_PLATFORM_NAME)
    platformVersion = try Self.platformText(platform, CL_PLATFORM_VERSION)
    let type = try Self.number(handle, CL_DEVICE_TYPE, cl_device_type.self)
    kind = type & 4 != 0 ? .gpu : type & 2 != 0 ? .cpu : .accelerator
    computeUnits = Int(try Self.number(handle, CL_DEVICE_MAX_COMPUTE_UNITS, cl_uint.self))
    clockMegahertz = Int(try Self.number(handle, CL_DEVICE_MAX_CLOCK_FREQUENCY, cl_uint.self))
    globalMemoryBytes = Int(clamping: try Self.number(handle, CL_DEVICE_GLOBAL_MEM_SIZE, cl_ulong.self))
    largestAllocationBytes = Int(clamping: try Self.number(handle, CL_DEVICE_MAX_MEM_ALLOC_SIZE, cl_ulong.self))
    localMemoryBytes = Int(clamping: try Self.number(handle, CL_DEVICE_LOCAL_MEM_SIZE, cl_ulong.self))
    maxWorkGroupSize = try Self.number(handle, CL_DEVICE_MAX_WORK_GROUP_SIZE, Int.self)
    let alignmentBits = Int(try Self.number(handle, CL_DEVICE_MEM_BASE_ADDR_ALIGN, cl_uint.self))
    baseAlignmentBytes = max(alignmentBits / 8, 64)
    extensions = Set(try Self.text(handle, CL_DEVICE_EXTENSIONS).split(separator: " ").map(String.init))
    nativeVectorWidth = Int(try Self.number(handle, CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT, cl_uint.self))
    // Only OpenCL 3.0 drivers know this parameter.
    let mostSubgroups =
      openCLVersion.hasPrefix("OpenCL 3")
      ? try Self.number(handle, Self.maxNumSubGroups, cl_uint.self) : 0
    claimsSubgroups = mostSubgroups > 0 || extensions.contains("cl_khr_subgroups")
  }

  private static func number<N: FixedWidthInteger>(
    _ device: OpaquePointer, _ parameter: Int32, _ type: N.Type
  ) throws(DeviceError) -> N {
    var value = N.zero
    let status = clGetDeviceInfo(device, cl_device_info(parameter), MemoryLayout<N>.size, &value, nil)
    try check(status, "clGetDeviceInfo", "parameter 0x\(String(parameter, radix: 16))")
    return value
  }

  private static func text(_ device: OpaquePointer, _ parameter: Int32) throws(DeviceError) -> String {
    try infoText("clGetDeviceInfo") { clGetDeviceInfo(device, cl_device_info(parameter), $0, $1, $2) }
  }

  private static func platformText(_ platform: OpaquePointer, _ parameter: Int32) throws(DeviceError) -> String {
    try infoText("clGetPlatformInfo") { clGetPlatformInfo(platform, cl_platform_info(parameter), $0, $1, $2) }
  }
}

/// A zero-terminated text from one of OpenCL's `clGet…Info` calls: a first call gives its size, a second the text.
func infoText(
  _ call: String, _ query: (Int, UnsafeMutableRawPointer?, UnsafeMutablePointer<Int>?) -> Int32
) throws(DeviceError) -> String {
  var size = 0
  try check(query(0, nil, &size), call)
  guard size > 0 else { return "" }
  var bytes = [UInt8](repeating: 0, count: size)
  let status = bytes.withUnsafeMutableBytes { query(size, $0.baseAddress, nil) }
  try check(status, call)
  return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self).trimmingCharacters(in: .whitespaces)
}
