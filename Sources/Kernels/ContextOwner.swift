internal import COpenCL

/// A driver's context and its queue, released after everything made in them. OpenCL allows releasing the context
/// earlier, but not every driver survives it.
final class ContextOwner {
  let context: OpaquePointer
  let queue: OpaquePointer

  init(device: Device, profiling: Bool) throws(DeviceError) {
    var status: Int32 = 0
    var deviceHandle: OpaquePointer? = device.handle
    var properties: [cl_context_properties] = [
      cl_context_properties(CL_CONTEXT_PLATFORM), cl_context_properties(Int(bitPattern: device.platformHandle)), 0,
    ]
    let made = clCreateContext(&properties, 1, &deviceHandle, nil, nil, &status)
    context = try created(made, status, "clCreateContext", device.name)
    let flags = profiling ? cl_command_queue_properties(CL_QUEUE_PROFILING_ENABLE) : 0
    let queue = clCreateCommandQueue(context, device.handle, flags, &status)
    guard status == 0, let queue else {
      clReleaseContext(context)
      throw DeviceError(call: "clCreateCommandQueue", status: status, detail: device.name)
    }
    self.queue = queue
  }

  deinit {
    clReleaseCommandQueue(queue)
    clReleaseContext(context)
  }
}
