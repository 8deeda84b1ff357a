internal import COpenCL
import Foundation

/// One device at work: its context, its in-order queue, its buffers, its compiled kernels and its ledger.
///
/// Calls only enqueue; `read`, `finish` and `profile` wait. It is used from one thread at a time.
package final class Context {
  package let device: Device
  /// Bytes that crossed the bus so far.
  package private(set) var ledger = TransferLedger()
  /// Bytes of all live buffers, and the most there ever were.
  package var allocatedBytes: Int { memory.current }
  package var peakAllocatedBytes: Int { memory.peak }

  private let owner: ContextOwner
  var handle: OpaquePointer { owner.context }
  var queue: OpaquePointer { owner.queue }
  let programs: ProgramStore
  private let memory = MemoryCounter()
  // What a non-blocking write reads from must outlive the write: held until the queue was seen empty.
  private var inFlight: [StagedBytes] = []
  var profiler: Profiler?
  private var zeros: Buffer?

  /// - Parameter profiling: record each kernel's device time, for `takeProfile()`.
  package init(device: Device, profiling: Bool = false) throws(DeviceError) {
    self.device = device
    owner = try ContextOwner(device: device, profiling: profiling)
    programs = ProgramStore(device: device, owner: owner)
    profiler = profiling ? Profiler() : nil
  }

  deinit {
    clFinish(queue)
  }

  /// Leaves the driver's context and queue to the process's end, whatever becomes of this object: some drivers do not
  /// survive their release, and what was computed is still to be printed.
  package func keepUntilExit() { _ = Unmanaged.passRetained(owner) }

  /// New device memory, its contents undefined.
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

  /// Two numbers that are 0 between launches, from which the work-items of one take their shares; the kernel that uses
  /// them puts them back.
  package func counters() throws(DeviceError) -> Buffer {
    if let zeros { return zeros }
    let made = try makeBuffer(byteCount: 8)
    try fill(made, pattern: 0, byteCount: 8)
    zeros = made
    return made
  }

  /// Sends bytes to the device without waiting; the bytes are copied first.
  package func write(
    _ bytes: UnsafeRawBufferPointer, to buffer: Buffer, offset: Int = 0
  ) throws(DeviceError) {
    guard bytes.count > 0 else { return }
    precondition(offset >= 0 && offset + bytes.count <= buffer.byteCount, "write outside its buffer")
    ledger.bytesToDevice += bytes.count
    // Large writes (weights) wait instead of doubling the memory; a step's few kilobytes never wait.
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

  /// Sends bytes to the device without waiting and without a copy: they must stay as they are until a later read.
  package func write(resident bytes: UnsafeRawBufferPointer, to buffer: Buffer) throws(DeviceError) {
    precondition(bytes.count <= buffer.byteCount, "write outside its buffer")
    ledger.bytesToDevice += bytes.count
    let status = clEnqueueWriteBuffer(
      queue, buffer.handle, cl_bool(CL_FALSE), 0, bytes.count, bytes.baseAddress, 0, nil, nil)
    try check(status, "clEnqueueWriteBuffer", "\(bytes.count) bytes")
  }

  /// Waits for all that was enqueued, then brings bytes back.
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

  /// Whole 32-bit words from a buffer's beginning; waits.
  package func words(of buffer: Buffer, count: Int) throws(DeviceError) -> [UInt32] {
    var words = [UInt32](repeating: 0, count: count)
    var failure: DeviceError?
    words.withUnsafeMutableBytes { bytes in
      do throws(DeviceError) { try read(buffer, into: bytes) } catch { failure = error }
    }
    if let failure { throw failure }
    return words
  }

  /// Fills a range of whole 32-bit words with one pattern, on the device: by a kernel, since NVIDIA's driver 580 crashes
  /// where what `clEnqueueFillBuffer` has filled is released.
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

  /// Copies between two buffers, on the device.
  package func copy(
    from source: Buffer, offset: Int = 0, to target: Buffer, targetOffset: Int = 0, byteCount: Int
  ) throws(DeviceError) {
    guard byteCount > 0 else { return }
    let status = clEnqueueCopyBuffer(
      queue, source.handle, target.handle, offset, targetOffset, byteCount, 0, nil, nil)
    try check(status, "clEnqueueCopyBuffer", "\(byteCount) bytes")
  }

  /// Hands what was enqueued to the device, without waiting.
  package func flush() throws(DeviceError) {
    try check(clFlush(queue), "clFlush")
  }

  /// Waits until the device has done everything that was enqueued.
  package func finish() throws(DeviceError) {
    try check(clFinish(queue), "clFinish", device.name)
    inFlight.removeAll(keepingCapacity: true)
  }

  /// Device time by kernel since the last call, longest first; empty unless the context profiles.
  package func takeProfile() throws(DeviceError) -> [KernelTime] {
    try finish()
    return profiler?.take() ?? []
  }
}

/// A copy of what a non-blocking write sends, at an address that does not move.
private final class StagedBytes {
  let bytes: UnsafeMutableRawBufferPointer

  init(copying source: UnsafeRawBufferPointer) {
    bytes = .allocate(byteCount: source.count, alignment: 64)
    bytes.copyMemory(from: source)
  }

  deinit { bytes.deallocate() }
}

/// Bytes alive; a class, so that a buffer's release can reach it after its context's methods returned.
private final class MemoryCounter {
  private(set) var current = 0
  private(set) var peak = 0

  func add(_ bytes: Int) {
    current += bytes
    peak = max(peak, current)
  }
}
