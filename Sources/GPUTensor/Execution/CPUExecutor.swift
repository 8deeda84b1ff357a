import Foundation
import Kernels

/// Replays plans with plain loops on all cores: the fallback without OpenCL, and the reference for every kernel's test.
/// `CPUExecutor<Double>` is the reference that devices and `CPUExecutor<Float>` are compared with.
package final class CPUExecutor<S: HostScalar>: Executor {
  private var slabs: [ObjectIdentifier: (slab: Slab, block: HostBlock<S>)] = [:]
  private var bindings: [ObjectIdentifier: (plan: Plan, arenas: [HostBlock<S>])] = [:]
  private var allocated = 0
  package let operands: OperandType

  package let memoryBytes: Int

  /// - Parameters:
  ///   - operands: the type that operands of products are rounded to.
  ///   - memory: the machine's memory, whose available bytes slabs and arenas may take.
  package init(operands: OperandType = .float32, memory: MachineMemory = .current) {
    self.operands = operands
    memoryBytes = memory.availableBytes
  }

  package var deviceName: String { "CPU fallback, without OpenCL" }
  package var traits: KernelTraits? { nil }
  package var largestBuffer: Int { .max }
  package var isolatesTensors: Bool { false }
  /// A ledger of zero bytes: there is no transfer.
  package var ledger: TransferLedger { TransferLedger() }
  package var peakAllocatedBytes: Int { allocated }

  // MARK: - Memory

  package func allocate(_ slabs: [Slab]) throws(DeviceError) {
    let new = slabs.filter { self.slabs[ObjectIdentifier($0)] == nil }
    try requireRoom(
      for: new.reduce(0) { $0 + $1.elementCount * MemoryLayout<S>.size }, besides: allocated)
    for slab in new where self.slabs[ObjectIdentifier(slab)] == nil {
      self.slabs[ObjectIdentifier(slab)] = (slab, HostBlock(count: slab.elementCount))
      allocated += slab.elementCount * MemoryLayout<S>.size
    }
  }

  package func prepare(_ plans: [Plan]) throws(DeviceError) {
    for plan in plans { try allocate(plan.slabs) }
    try requireRoom(for: Plan.arenaBytes(plans), besides: allocated)
    let arenaCount = plans.map(\.arenas.count).max() ?? 0
    let arenas = (0..<arenaCount).map { index in
      let bytes = plans.compactMap { index < $0.arenas.count ? $0.arenas[index] : nil }.max() ?? 0
      allocated += bytes
      // Placements are in bytes of the dtype: one element for every two bytes has room for bfloat16 values too.
      return HostBlock<S>(count: bytes / 2)
    }
    for plan in plans { bindings[ObjectIdentifier(plan)] = (plan, arenas) }
  }

  private func arenas(of plan: Plan) -> [HostBlock<S>] {
    guard let binding = bindings[ObjectIdentifier(plan)] else { preconditionFailure("the plan was not prepared") }
    return binding.arenas
  }

  private func memory(_ id: Int, of plan: Plan, _ arenas: [HostBlock<S>]) -> HostMemory<S> {
    let value = plan.graph.values[id]
    if case .variable(let variable) = value.source { return memory(of: variable) }
    guard let placement = plan.placements[id] else { preconditionFailure("a value without memory") }
    return arenas[placement.arena].memory(at: placement.offset / 2)
  }

  private func memory(of variable: Variable) -> HostMemory<S> {
    guard let block = slabs[ObjectIdentifier(variable.slab)]?.block else {
      preconditionFailure("\(variable.name) has no memory: allocate its slab first")
    }
    return block.memory(at: variable.offset)
  }

  // MARK: - Running

  package func run(_ plan: Plan, _ arguments: ReplayArguments) {
    let arenas = arenas(of: plan)
    for (tensor, data) in arguments.inputs where plan.placements[tensor.id] != nil {
      store(data, to: memory(tensor.id, of: plan, arenas))
    }
    for node in plan.nodes {
      let call = HostCall<S>(
        counts: arguments.counts, scalars: arguments.scalars, operands: operands,
        inputShapes: node.inputs.map { plan.graph.values[$0].shape },
        outputShapes: node.outputs.map { plan.graph.values[$0].shape },
        inputs: node.inputs.map { memory($0, of: plan, arenas) },
        outputs: node.outputs.map { memory($0, of: plan, arenas) }, modes: node.modes)
      node.operation.evaluate(call)
    }
  }

  private func store(_ data: HostData, to memory: HostMemory<S>) {
    switch data {
    case .floats(let floats):
      for (index, value) in floats.enumerated() { memory.floats[index] = S(value) }
    case .ints(let ints):
      for (index, value) in ints.enumerated() { memory.ints[index] = value }
    }
  }

  // MARK: - In and out

  package func write(_ data: HostData, to variable: Variable, at offset: Int) {
    switch data {
    case .floats(let floats): floats.withUnsafeBufferPointer { write($0, to: variable, at: offset) }
    case .ints(let ints): (memory(of: variable).ints + offset).update(from: ints, count: ints.count)
    }
  }

  /// Writes floats, rounded to the variable's dtype; the memory holds an `S` for each element of any dtype.
  package func write(_ floats: UnsafeBufferPointer<Float>, to variable: Variable, at offset: Int) {
    let dtype = variable.dtype
    if dtype == .float32 { return store(floats, to: variable, at: offset) }
    precondition(!dtype.isBlocks || floats.count == variable.shape.count, "blocks are written as a whole")
    dtype.encode(floats).withUnsafeBytes { store($0, count: floats.count, to: variable, at: offset) }
  }

  package func write(stored bytes: UnsafeRawBufferPointer, to variable: Variable) {
    store(bytes, count: variable.shape.count, to: variable, at: 0)
  }

  private func store(_ bytes: UnsafeRawBufferPointer, count: Int, to variable: Variable, at offset: Int) {
    variable.dtype.decoded(bytes, count: count).withUnsafeBufferPointer { store($0, to: variable, at: offset) }
  }

  private func store(_ floats: UnsafeBufferPointer<Float>, to variable: Variable, at offset: Int) {
    let target = memory(of: variable).floats + offset
    for (index, value) in floats.enumerated() { target[index] = S(value) }
  }

  package func read(_ variable: Variable, at offset: Int, into floats: UnsafeMutableBufferPointer<Float>) {
    let source = memory(of: variable).floats + offset
    for index in floats.indices { floats[index] = Float(source[index]) }
  }

  package func read(_ tensor: Tensor, of plan: Plan, counts: RowCounts) -> [Float] {
    exactly(tensor, of: plan, counts: counts).map { Float($0) }
  }

  /// The elements of a value in the executor's own precision.
  package func exactly(_ tensor: Tensor, of plan: Plan, counts: RowCounts) -> [S] {
    let arenas = arenas(of: plan)
    let source = memory(tensor.id, of: plan, arenas)
    return (0..<tensor.shape.count(counts)).map { source.floats[$0] }
  }

  /// One element of a variable, for finite differences.
  package func element(_ index: Int, of variable: Variable) -> S { memory(of: variable).floats[index] }

  package func setElement(_ index: Int, of variable: Variable, to value: S) {
    memory(of: variable).floats[index] = value
  }

  package func copy(from source: Slab, to target: Slab) {
    memory(of: .whole(target)).floats.update(from: memory(of: .whole(source)).floats, count: source.elementCount)
  }

  package func zero(_ slab: Slab) {
    memory(of: .whole(slab)).floats.update(repeating: 0, count: slab.elementCount)
  }

  package func finish() {}
}

/// Zeroed host memory that holds floating-point elements and integers at the same indices; a page costs nothing until
/// it is touched.
private final class HostBlock<S: HostScalar> {
  private let floats: UnsafeMutablePointer<S>
  private let ints: UnsafeMutablePointer<Int32>

  init(count: Int) {
    floats = Self.zeroed(count)
    ints = Self.zeroed(count)
  }

  deinit {
    free(floats)
    free(ints)
  }

  func memory(at element: Int) -> HostMemory<S> {
    HostMemory(floats: floats + element, ints: ints + element)
  }

  private static func zeroed<T>(_ count: Int) -> UnsafeMutablePointer<T> {
    guard let memory = calloc(max(count, 1), MemoryLayout<T>.stride) else {
      preconditionFailure("the machine has no memory for \(count) elements")
    }
    return memory.bindMemory(to: T.self, capacity: count)
  }
}
