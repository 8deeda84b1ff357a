internal import COpenCL
import Foundation

/// One OpenCL device in use: context, in-order queue, buffers, compiled kernels and the ledger of transfers.
///
/// Calls only enqueue; `read`, `words`, `finish`, `takeProfile` and writes over 1 MiB wait. To be used from one thread
/// at a time.
package final class Context {
  package let device: Device
  /// Bytes sent and fetched so far.
  package private(set) var ledger = TransferLedger()
  /// Bytes of all live buffers; `peakAllocatedBytes` is the highest value there has been.
  package var allocatedBytes: Int { memory.current }
  package var peakAllocatedBytes: Int { memory.peak }

  private let owner: ContextOwner
  var handle: OpaquePointer { owner.context }
  var queue: OpaquePointer { owner.queue }
  let programs: ProgramStore
  private let memory = MemoryCounter()
  // Sources of non-blocking writes must outlive the writes: kept until the queue is known to be empty.
  private var inFlight: [StagedBytes] = []
  var profiler: Profiler?
  private var zeros: Buffer?

  /// - Parameter profiling: records each kernel's device time, for `takeProfile()`.
  /// - Throws: `DeviceError` where the driver makes no context or queue.
  package init(device: Device, profiling: Bool = false) throws(DeviceError) {
    self.device = device
    owner = try ContextOwner(device: device, profiling: profiling)
    programs = ProgramStore(device: device, owner: owner)
    profiler = profiling ? Profiler() : nil
  }

  deinit {
    clFinish(queue)
  }

  /// Never releases the driver's context and queue, even after this object is gone: some drivers crash on release,
  /// before results are printed.
  package func keepUntilExit() { _ = Unmanaged.passRetained(owner) }

  /// A new buffer of at least 4 bytes, its contents undefined.
  ///
  /// - Throws: `DeviceError` of kind `outOfMemory` where it is larger than the device's largest allocation, or the
  ///   driver's own error.
  package func makeBuffer(byteCount: Int) throws(DeviceError) -> Buffer {
    guard byteCount <= device.largestAllocationBytes else {
      throw DeviceError(
        kind: .outOfMemory, call: "clCreateBuffer",
        detail: "\(byteCount) bytes, the largest single buffer of \(device.name) is \(device.largestAllocationBytes)",
        remedy: OpenCLStatus.remedy(for: -61))
    }
    var status: Int32 = 0
    let size = max(byteCount, 4)
    let buffer = clCreateBuffer(handle, cl_mem_flags(CL_MEM_READ_WRITE), size, nil, &status)
    let owned = try created(buffer, status, "clCreateBuffer", "\(size) bytes on \(device.name)")
    memory.add(size)
    let made = Buffer(handle: owned, byteCount: size, owner: owner) { [memory] in memory.add(-size) }
    try preferHugePages(owned, byteCount: size)
    return made
  }

  /// A buffer of two 32-bit counters that are 0 between launches. The work-items of a launch draw their shares from the
  /// counters; the kernel that uses them sets them back to 0.
  package func counters() throws(DeviceError) -> Buffer {
    if let zeros { return zeros }
    let made = try makeBuffer(byteCount: 8)
    try fill(made, pattern: 0, byteCount: 8)
    zeros = made
    return made
  }

  /// Sends bytes to the device. Up to 1 MiB is copied first and sent without waiting; more is sent before the call
  /// returns.
  package func write(
    _ bytes: UnsafeRawBufferPointer, to buffer: Buffer, offset: Int = 0
  ) throws(DeviceError) {
    guard bytes.count > 0 else { return }
    precondition(offset >= 0 && offset + bytes.count <= buffer.byteCount, "write outside its buffer")
    ledger.bytesToDevice += bytes.count
    // Large writes (weights) wait instead of doubling the host memory; a micro-batch's few kilobytes never wait.
    if bytes.count > 1 << 20 {
      let status = clEnqueueWriteBuffer(
        queue, buffer.handle, cl_bool(CL_TRUE), offset, bytes.count, bytes.baseAddress, 0, nil, nil)
      return try check(status, "clEnqueueWriteBuffer", "\(bytes.count) bytes at \(offset)")
    }
    let staged = StagedBytes(copying: bytes)
    inFlight.append(staged)
    let status = clEnqueueWriteBuffer(
      queue, buffer.handle, cl_bool(CL_FALSE), offset, bytes.count, staged.bytes.baseAddress, 0, nil, nil)
    try check(status, "clEnqueueWriteBuffer", "\(bytes.count) bytes at \(offset)")
  }

  /// Sends bytes to the device without waiting and without a copy: the caller keeps them unchanged until a later `read`
  /// or `finish`.
  package func write(resident bytes: UnsafeRawBufferPointer, to buffer: Buffer) throws(DeviceError) {
    precondition(bytes.count <= buffer.byteCount, "write outside its buffer")
    ledger.bytesToDevice += bytes.count
    let status = clEnqueueWriteBuffer(
      queue, buffer.handle, cl_bool(CL_FALSE), 0, bytes.count, bytes.baseAddress, 0, nil, nil)
    try check(status, "clEnqueueWriteBuffer", "\(bytes.count) bytes")
  }

  /// Waits for everything enqueued, then copies bytes from the device.
  package func read(
    _ buffer: Buffer, offset: Int = 0, into bytes: UnsafeMutableRawBufferPointer
  ) throws(DeviceError) {
    guard bytes.count > 0 else { return }
    precondition(offset >= 0 && offset + bytes.count <= buffer.byteCount, "read outside its buffer")
    ledger.bytesFromDevice += bytes.count
    let status = clEnqueueReadBuffer(
      queue, buffer.handle, cl_bool(CL_TRUE), offset, bytes.count, bytes.baseAddress, 0, nil, nil)
    try check(status, "clEnqueueReadBuffer", "\(bytes.count) bytes at \(offset)")
    inFlight.removeAll(keepingCapacity: true)
  }

  /// The first `count` 32-bit words of a buffer; waits.
  package func words(of buffer: Buffer, count: Int) throws(DeviceError) -> [UInt32] {
    var words = [UInt32](repeating: 0, count: count)
    var failure: DeviceError?
    words.withUnsafeMutableBytes { bytes in
      do throws(DeviceError) { try read(buffer, into: bytes) } catch { failure = error }
    }
    if let failure { throw failure }
    return words
  }

  /// Fills a range of whole 32-bit words with one pattern, by a kernel on the device: NVIDIA's driver 580 crashes where
  /// a buffer that `clEnqueueFillBuffer` filled is released.
  package func fill(
    _ buffer: Buffer, pattern: UInt32, offset: Int = 0, byteCount: Int
  ) throws(DeviceError) {
    precondition(offset % 4 == 0 && byteCount % 4 == 0, "a fill of part of a word")
    precondition(offset >= 0 && offset + byteCount <= buffer.byteCount, "fill outside its buffer")
    guard byteCount > 0 else { return }
    let count = byteCount / 4
    let sizes = LaunchSizes(device: device)
    try launch(
      try kernel("fill_words", file: "fill.cl", defines: sizes.defines),
      [.update(buffer), .uint(pattern), .ulong(offset / 4), .ulong(count)],
      range: .groups((count + sizes.groupElements - 1) / sizes.groupElements, of: sizes.workGroupSize))
  }

  /// Copies bytes between two buffers on the device, without waiting.
  package func copy(
    from source: Buffer, offset: Int = 0, to target: Buffer, targetOffset: Int = 0, byteCount: Int
  ) throws(DeviceError) {
    guard byteCount > 0 else { return }
    let status = clEnqueueCopyBuffer(
      queue, source.handle, target.handle, offset, targetOffset, byteCount, 0, nil, nil)
    try check(status, "clEnqueueCopyBuffer", "\(byteCount) bytes")
  }

  /// Submits everything enqueued to the device, without waiting.
  package func flush() throws(DeviceError) {
    try check(clFlush(queue), "clFlush")
  }

  /// Waits until the device has done everything enqueued.
  package func finish() throws(DeviceError) {
    try check(clFinish(queue), "clFinish", device.name)
    inFlight.removeAll(keepingCapacity: true)
  }

  /// Device time by kernel since the last call, longest first; empty unless the context profiles. Waits.
  package func takeProfile() throws(DeviceError) -> [KernelTime] {
    try finish()
    return profiler?.take() ?? []
  }
}

/// A copy of the bytes of a non-blocking write, at an address that does not move.
private final class StagedBytes {
  let bytes: UnsafeMutableRawBufferPointer

  init(copying source: UnsafeRawBufferPointer) {
    bytes = .allocate(byteCount: source.count, alignment: 64)
    bytes.copyMemory(from: source)
  }

  deinit { bytes.deallocate() }
}

/// Bytes of live buffers; a class, so that each buffer can subtract itself when it is released.
private final class MemoryCounter {
  private(set) var current = 0
  private(set) var peak = 0

  func add(_ bytes: Int) {
    current += bytes
    peak = max(peak, current)
  }
}
