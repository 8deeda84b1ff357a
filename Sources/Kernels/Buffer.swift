internal import COpenCL

/// A region of device memory, released with its last owner. A window (sub-buffer) keeps its parent alive.
package final class Buffer {
  package let byteCount: Int
  package let handle: OpaquePointer
  /// The buffer that this one is a window into, nil where this one is no window; `rootOffset` is the window's first
  /// byte there.
  private let root: Buffer?
  private let rootOffset: Int
  private let owner: ContextOwner
  private let onRelease: (() -> Void)?

  init(
    handle: OpaquePointer, byteCount: Int, owner: ContextOwner, root: Buffer? = nil, rootOffset: Int = 0,
    onRelease: (() -> Void)? = nil
  ) {
    self.handle = handle
    self.byteCount = byteCount
    self.owner = owner
    self.root = root
    self.rootOffset = rootOffset
    self.onRelease = onRelease
  }

  deinit {
    clReleaseMemObject(handle)
    onRelease?()
  }

  /// A window into this buffer (a sub-buffer), which kernels take like any other buffer.
  ///
  /// - Parameters:
  ///   - offset: the window's first byte; a multiple of the device's `baseAlignmentBytes`.
  ///   - byteCount: the window's length.
  /// - Throws: `DeviceError` where the driver refuses the sub-buffer.
  package func window(offset: Int, byteCount: Int) throws(DeviceError) -> Buffer {
    precondition(offset >= 0 && byteCount > 0 && offset + byteCount <= self.byteCount, "window outside its buffer")
    // OpenCL has no sub-buffer of a sub-buffer: a window of a window is a window of the root.
    let parent = root ?? self
    let origin = rootOffset + offset
    var region = cl_buffer_region(origin: origin, size: byteCount)
    var status: Int32 = 0
    let type = cl_buffer_create_type(CL_BUFFER_CREATE_TYPE_REGION)
    let window = clCreateSubBuffer(parent.handle, cl_mem_flags(CL_MEM_READ_WRITE), type, &region, &status)
    let detail = "offset \(origin), \(byteCount) of \(parent.byteCount) bytes"
    return Buffer(
      handle: try created(window, status, "clCreateSubBuffer", detail), byteCount: byteCount, owner: owner,
      root: parent, rootOffset: origin)
  }
}
