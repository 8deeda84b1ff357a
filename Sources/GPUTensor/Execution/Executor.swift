import Kernels

/// Runs plans: on an OpenCL device, or with plain loops on the CPU.
///
/// Variables are zero when they are allocated. Within a run nothing waits; `read` and `finish` do.
package protocol Executor: AnyObject {
  /// What does the work, as users read it.
  var deviceName: String { get }
  /// Traits that plans are made for; nil for the CPU fallback.
  var traits: KernelTraits? { get }
  /// What the operands of matrix products are rounded to.
  var operands: OperandType { get }
  /// The most bytes that one allocation may have.
  var largestBuffer: Int { get }
  /// The memory that there is for variables and plans.
  var memoryBytes: Int { get }
  /// Whether each tensor has a buffer of its own: the test mode.
  var isolatesTensors: Bool { get }
  /// Bytes that crossed between host and device so far.
  var ledger: TransferLedger { get }
  /// The most bytes that were ever allocated.
  var peakAllocatedBytes: Int { get }

  /// Gives memory to slabs that have none yet.
  func allocate(_ slabs: [Slab]) throws(DeviceError)
  /// Gives memory to plans; plans that are prepared together share it, as they run one after the other.
  func prepare(_ plans: [Plan]) throws(DeviceError)
  func run(_ plan: Plan, _ arguments: ReplayArguments) throws(DeviceError)

  /// Writes elements from `offset` on, in the variable's dtype; of one in blocks, all of them at once.
  func write(_ data: HostData, to variable: Variable, at offset: Int) throws(DeviceError)
  func write(_ floats: UnsafeBufferPointer<Float>, to variable: Variable, at offset: Int) throws(DeviceError)
  /// Writes all of a variable as its dtype stores it.
  func write(stored bytes: UnsafeRawBufferPointer, to variable: Variable) throws(DeviceError)
  func read(_ variable: Variable, at offset: Int, into floats: UnsafeMutableBufferPointer<Float>) throws(DeviceError)
  /// A value that the plan keeps as an output, after a run with these counts.
  func read(_ tensor: Tensor, of plan: Plan, counts: RowCounts) throws(DeviceError) -> [Float]
  func copy(from source: Slab, to target: Slab) throws(DeviceError)
  func zero(_ slab: Slab) throws(DeviceError)
  func finish() throws(DeviceError)
}

extension Executor {
  /// A value that the plan keeps as an output, after a run with `rows` rows that all count.
  package func read(_ tensor: Tensor, of plan: Plan, rows: Int) throws(DeviceError) -> [Float] {
    try read(tensor, of: plan, counts: RowCounts(rows: rows, targets: rows))
  }

  /// A variable's elements.
  package func read(_ variable: Variable) throws(DeviceError) -> [Float] {
    try read(variable, at: 0, count: variable.shape.count)
  }

  /// Some of a variable's elements.
  package func read(_ variable: Variable, at offset: Int, count: Int) throws(DeviceError) -> [Float] {
    var floats = [Float](repeating: 0, count: count)
    var failure: DeviceError?
    floats.withUnsafeMutableBufferPointer { buffer in
      do throws(DeviceError) { try read(variable, at: offset, into: buffer) } catch { failure = error }
    }
    if let failure { throw failure }
    return floats
  }

  /// Refuses memory that there is not: what lies in the machine's own would be given, and the process ended by the
  /// system once it writes there.
  ///
  /// - Parameters:
  ///   - bytes: what is asked for.
  ///   - allocated: what is in use already.
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
