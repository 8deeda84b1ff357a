import Kernels

/// Replays plans: on an OpenCL device, or with plain loops on the CPU.
///
/// Variables are zero when they are allocated. On a device `run` only enqueues; `read` and `finish` wait.
package protocol Executor: AnyObject {
  /// The device's name, as users read it.
  var deviceName: String { get }
  /// The traits that plans are made for; nil for the CPU fallback.
  var traits: KernelTraits? { get }
  /// The type that operands of matrix products are rounded to.
  var operands: OperandType { get }
  /// The most bytes that one allocation may have.
  var largestBuffer: Int { get }
  /// Bytes of memory for variables and plans together.
  var memoryBytes: Int { get }
  /// True where each tensor has a buffer of its own: the test mode.
  var isolatesTensors: Bool { get }
  /// Bytes that went between host and device so far.
  var ledger: TransferLedger { get }
  /// The most bytes that were allocated at one time.
  var peakAllocatedBytes: Int { get }

  /// Gives memory to slabs that have none yet.
  func allocate(_ slabs: [Slab]) throws(DeviceError)
  /// Gives memory to plans; plans that are prepared together share arenas, since they are replayed one after the other.
  func prepare(_ plans: [Plan]) throws(DeviceError)
  /// Replays a plan: stores the inputs, then executes the nodes in order.
  func run(_ plan: Plan, _ arguments: ReplayArguments) throws(DeviceError)

  /// Writes elements from `offset` on, encoded in the variable's dtype; a block dtype is written as a whole.
  func write(_ data: HostData, to variable: Variable, at offset: Int) throws(DeviceError)
  func write(_ floats: UnsafeBufferPointer<Float>, to variable: Variable, at offset: Int) throws(DeviceError)
  /// Writes a whole variable from bytes in the stored form of its dtype.
  func write(stored bytes: UnsafeRawBufferPointer, to variable: Variable) throws(DeviceError)
  /// Reads elements from `offset` on, decoded to floats.
  func read(_ variable: Variable, at offset: Int, into floats: UnsafeMutableBufferPointer<Float>) throws(DeviceError)
  /// Reads an output of the plan after a replay with these counts.
  func read(_ tensor: Tensor, of plan: Plan, counts: RowCounts) throws(DeviceError) -> [Float]
  /// Copies all elements of a slab to a slab of the same size.
  func copy(from source: Slab, to target: Slab) throws(DeviceError)
  /// Sets all elements of a slab to 0.
  func zero(_ slab: Slab) throws(DeviceError)
  /// Waits for everything that was enqueued.
  func finish() throws(DeviceError)
}

extension Executor {
  /// Reads an output of the plan after a replay with `rows` rows, all with a target.
  package func read(_ tensor: Tensor, of plan: Plan, rows: Int) throws(DeviceError) -> [Float] {
    try read(tensor, of: plan, counts: RowCounts(rows: rows, targets: rows))
  }

  /// Reads all elements of a variable.
  package func read(_ variable: Variable) throws(DeviceError) -> [Float] {
    try read(variable, at: 0, count: variable.shape.count)
  }

  /// Reads `count` elements of a variable.
  package func read(_ variable: Variable, at offset: Int, count: Int) throws(DeviceError) -> [Float] {
    var floats = [Float](repeating: 0, count: count)
    var failure: DeviceError?
    floats.withUnsafeMutableBufferPointer { buffer in
      do throws(DeviceError) { try read(variable, at: offset, into: buffer) } catch { failure = error }
    }
    if let failure { throw failure }
    return floats
  }

  /// Throws where memory is missing. Without this check the system would grant more host memory than the machine has, and
  /// end the process once it writes there.
  ///
  /// - Parameters:
  ///   - bytes: the bytes to allocate.
  ///   - allocated: the bytes that are allocated already.
  func requireRoom(for bytes: Int, besides allocated: Int) throws(DeviceError) {
    guard bytes > memoryBytes - allocated else { return }
    func gibibytes(_ bytes: Int) -> String { String((Double(bytes) / 1_073_741_824 * 100).rounded() / 100) }
    throw DeviceError(
      kind: .outOfMemory, call: "reserve memory",
      detail: "\(gibibytes(bytes)) GiB besides \(gibibytes(allocated)) GiB in use, and \(deviceName) has "
        + "\(gibibytes(memoryBytes)) GiB free",
      remedy:
        "choose a smaller model, fewer tokens or answers at once, or another device, or end what else takes memory")
  }
}
