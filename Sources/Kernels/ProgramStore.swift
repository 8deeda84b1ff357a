internal import COpenCL
import Foundation

/// The compiled programs of one context: each file is built once for each set of defines.
///
/// PoCL and NVIDIA cache compiled programs on disk themselves; for other drivers `BinaryCache` does.
final class ProgramStore {
  private let device: Device
  private let owner: ContextOwner
  private let binaries: BinaryCache?
  private var programs: [String: OpaquePointer] = [:]
  /// Kernels by name; a name has few entries, one for each file and set of defines.
  private var kernels: [String: [(file: String, defines: Defines, kernel: Kernel)]] = [:]

  init(device: Device, owner: ContextOwner) {
    self.device = device
    self.owner = owner
    let cachesItself = ["Portable Computing Language", "NVIDIA"].contains { device.platform.contains($0) }
    binaries = cachesItself ? nil : BinaryCache()
  }

  deinit {
    kernels.removeAll()
    for program in programs.values { clReleaseProgram(program) }
  }

  /// A kernel of a file, built with `-D NAME=value` for each define.
  func kernel(_ name: String, file: String, defines: Defines) throws(DeviceError) -> Kernel {
    if let found = kernels[name]?.first(where: { $0.defines == defines && $0.file == file }) { return found.kernel }
    let standard = defines.contains(Defines.subgroups) ? device.subgroupStandard : "CL1.2"
    let program = try program(file, options: "-cl-std=" + standard + device.contractionOption + defines.options)
    var status: Int32 = 0
    let handle = clCreateKernel(program, name, &status)
    let kernel = Kernel(name: name, handle: try created(handle, status, "clCreateKernel", "\(name) of \(file)"))
    kernels[name, default: []].append((file, defines, kernel))
    return kernel
  }

  private func program(_ file: String, options: String) throws(DeviceError) -> OpaquePointer {
    let key = "\(file) \(options)"
    if let program = programs[key] { return program }
    let source = try KernelSource.load(file)
    let cacheKey = BinaryCache.key(source: source, options: options, device: device)
    let program: OpaquePointer
    if let binary = binaries?.load(cacheKey), let loaded = build(binary: binary, options: options) {
      program = loaded
    } else {
      program = try build(source: source, file: file, options: options)
      if let binary = binary(of: program) { binaries?.store(binary, under: cacheKey) }
    }
    programs[key] = program
    return program
  }

  private func build(source: String, file: String, options: String) throws(DeviceError) -> OpaquePointer {
    var status: Int32 = 0
    let handle = source.withCString { text in
      var pointer: UnsafePointer<CChar>? = text
      return clCreateProgramWithSource(owner.context, 1, &pointer, nil, &status)
    }
    let program = try created(handle, status, "clCreateProgramWithSource", file)
    var deviceHandle: OpaquePointer? = device.handle
    let built = clBuildProgram(program, 1, &deviceHandle, options, nil, nil)
    guard built != 0 else { return program }
    let log = try infoText("clGetProgramBuildInfo") {
      clGetProgramBuildInfo(program, device.handle, cl_program_build_info(CL_PROGRAM_BUILD_LOG), $0, $1, $2)
    }
    clReleaseProgram(program)
    throw DeviceError(
      kind: .build, call: "clBuildProgram", status: built, detail: "\(file) with \(options) on \(device.name)\n\(log)\n"
    )
  }

  /// A program from a cached binary; nil where the driver rejects it, and the source is built instead.
  private func build(binary: [UInt8], options: String) -> OpaquePointer? {
    var status: Int32 = 0
    var deviceHandle: OpaquePointer? = device.handle
    let program = binary.withUnsafeBufferPointer { bytes in
      var pointer = bytes.baseAddress
      var length = bytes.count
      return clCreateProgramWithBinary(owner.context, 1, &deviceHandle, &length, &pointer, nil, &status)
    }
    guard status == 0, let program else { return nil }
    if clBuildProgram(program, 1, &deviceHandle, options, nil, nil) == 0 { return program }
    clReleaseProgram(program)
    return nil
  }

  private func binary(of program: OpaquePointer) -> [UInt8]? {
    guard binaries != nil else { return nil }
    var size = 0
    let info = cl_program_info(CL_PROGRAM_BINARY_SIZES)
    guard clGetProgramInfo(program, info, MemoryLayout<Int>.size, &size, nil) == 0, size > 0 else { return nil }
    var bytes = [UInt8](repeating: 0, count: size)
    let status = bytes.withUnsafeMutableBufferPointer { buffer in
      var pointer = buffer.baseAddress
      let pointerSize = MemoryLayout<UnsafeMutablePointer<UInt8>?>.size
      return clGetProgramInfo(program, cl_program_info(CL_PROGRAM_BINARIES), pointerSize, &pointer, nil)
    }
    return status == 0 ? bytes : nil
  }
}
