internal import COpenCL

/// One compiled kernel function.
package final class Kernel {
  package let name: String
  let handle: OpaquePointer

  init(name: String, handle: OpaquePointer) {
    self.name = name
    self.handle = handle
  }

  deinit { clReleaseKernel(handle) }
}

/// One argument of a launch. A buffer comes with its role: how the kernel uses it.
package enum KernelArgument {
  /// The kernel overwrites the buffer.
  case write(Buffer)
  /// The kernel reads the buffer.
  case read(Buffer)
  /// The kernel adds to the buffer or changes it in place.
  case update(Buffer)
  /// A C `int`.
  case int(Int)
  /// A C `uint`.
  case uint(UInt32)
  /// A C `ulong`, for counts that may pass 2³¹.
  case ulong(Int)
  /// A C `float`.
  case float(Float)
}

/// The grid of a launch: work-items in each dimension, and how many of them form a group.
package struct NDRange {
  let global: [Int]
  let local: [Int]

  /// True where there is no work-item at all: OpenCL refuses such a launch.
  package var isEmpty: Bool { global.contains(0) }

  /// `groups` work-groups of `groupSize` work-items, in one dimension.
  package static func groups(_ groups: Int, of groupSize: Int) -> NDRange {
    NDRange(global: [groups * groupSize], local: [groupSize])
  }

  /// A grid of x · y · z work-groups, each of `groupSize` work-items along the first dimension.
  package static func grid(_ x: Int, _ y: Int, _ z: Int = 1, of groupSize: Int) -> NDRange {
    NDRange(global: [x * groupSize, y, z], local: [groupSize, 1, 1])
  }
}

extension Context {
  /// A kernel of a `.cl` file, compiled at its first use with these defines.
  ///
  /// - Throws: `DeviceError` of kind `build` where the file is missing or does not compile.
  package func kernel(
    _ name: String, file: String, defines: Defines = [:]
  ) throws(DeviceError) -> Kernel {
    try programs.kernel(name, file: file, defines: defines)
  }

  /// Enqueues a kernel without waiting.
  package func launch(
    _ kernel: Kernel, _ arguments: [KernelArgument], range: NDRange
  ) throws(DeviceError) {
    for (index, argument) in arguments.enumerated() {
      let status = set(argument, at: cl_uint(index), of: kernel.handle)
      try check(status, "clSetKernelArg", "argument \(index) of \(kernel.name)")
    }
    var event: OpaquePointer?
    let status: Int32
    if let profiler {
      status = clEnqueueNDRangeKernel(
        queue, kernel.handle, cl_uint(range.global.count), nil, range.global, range.local, 0, nil, &event)
      profiler.record(event, kernel: kernel.name)
    } else {
      status = clEnqueueNDRangeKernel(
        queue, kernel.handle, cl_uint(range.global.count), nil, range.global, range.local, 0, nil, nil)
    }
    try check(status, "clEnqueueNDRangeKernel", "\(kernel.name), global \(range.global), local \(range.local)")
  }

  private func set(_ argument: KernelArgument, at index: cl_uint, of kernel: OpaquePointer) -> Int32 {
    switch argument {
    case .write(let buffer), .read(let buffer), .update(let buffer):
      var handle: OpaquePointer? = buffer.handle
      return clSetKernelArg(kernel, index, MemoryLayout<OpaquePointer?>.size, &handle)
    case .int(let value):
      var number = cl_int(value)
      return clSetKernelArg(kernel, index, MemoryLayout<cl_int>.size, &number)
    case .uint(var number):
      return clSetKernelArg(kernel, index, MemoryLayout<cl_uint>.size, &number)
    case .ulong(let value):
      var number = cl_ulong(value)
      return clSetKernelArg(kernel, index, MemoryLayout<cl_ulong>.size, &number)
    case .float(var number):
      return clSetKernelArg(kernel, index, MemoryLayout<cl_float>.size, &number)
    }
  }
}
