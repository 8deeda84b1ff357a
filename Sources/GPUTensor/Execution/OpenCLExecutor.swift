import Foundation
import Kernels

/// Replays plans on an OpenCL device: kernels are enqueued in order, and nothing waits within a replay.
package final class OpenCLExecutor: Executor {
  package let context: Context
  private let deviceTraits: KernelTraits
  /// True in test mode: each value has a buffer of its own instead of a place in an arena, filled with NaN before each
  /// replay, so that a read beyond it, or of an element that was never written, shows.
  package let isolatesTensors: Bool
  private var slabs: [ObjectIdentifier: (slab: Slab, buffer: Buffer)] = [:]
  private var windows: [ObjectIdentifier: (variable: Variable, buffer: Buffer)] = [:]
  private var bindings: [ObjectIdentifier: Binding] = [:]

  /// The buffers of one plan.
  private struct Binding {
    let plan: Plan
    let values: [Buffer?]
    /// The shapes and buffers of each node, by its index.
    let memory: [NodeMemory]
  }

  /// A node's shapes and buffers, looked up once for all replays.
  private struct NodeMemory {
    let inputShapes: [Shape]
    let outputShapes: [Shape]
    let inputs: [Buffer]
    let outputs: [Buffer]
    let scratch: Buffer?
  }

  /// - Parameters:
  ///   - traits: traits other than the device's defaults, to force a family or apply tuned sizes; nil: the defaults.
  ///   - largestBuffer: the most bytes that one allocation may have; nil: what the device allows.
  package init(
    device: Device, traits: KernelTraits? = nil, profiling: Bool = false, largestBuffer: Int? = nil,
    isolated: Bool = ProcessInfo.processInfo.environment["ACCRETE_TEST_MODE"] == "1"
  ) throws(DeviceError) {
    let traits = traits ?? .probed(device)
    deviceTraits = traits
    context = try Context(device: device, profiling: profiling)
    self.largestBuffer = min(largestBuffer ?? .max, device.largestAllocationBytes)
    isolatesTensors = isolated
    memoryBytes = device.memoryBytes(ofHost: MachineMemory.current.availableBytes)
    if traits.usesAMX { try context.requestTileRegisters() }
  }

  package var deviceName: String { Self.name(of: context.device) }
  /// A device's name, with its platform's in brackets.
  package static func name(of device: Device) -> String { "\(device.name) (\(device.platform))" }
  package var traits: KernelTraits? { deviceTraits }
  package var operands: OperandType { deviceTraits.operands }
  package let largestBuffer: Int
  package let memoryBytes: Int
  package var ledger: TransferLedger { context.ledger }
  package var peakAllocatedBytes: Int { context.peakAllocatedBytes }

  // MARK: - Memory

  package func allocate(_ slabs: [Slab]) throws(DeviceError) {
    let new = slabs.filter { self.slabs[ObjectIdentifier($0)] == nil }
    try requireRoom(for: new.reduce(0) { $0 + $1.byteCount }, besides: context.allocatedBytes)
    for slab in new where self.slabs[ObjectIdentifier(slab)] == nil {
      let buffer = try context.makeBuffer(byteCount: slab.byteCount)
      try context.fill(buffer, pattern: 0, byteCount: slab.byteCount)
      self.slabs[ObjectIdentifier(slab)] = (slab, buffer)
    }
  }

  package func prepare(_ plans: [Plan]) throws(DeviceError) {
    for plan in plans { try allocate(plan.slabs) }
    try requireRoom(for: Plan.arenaBytes(plans), besides: context.allocatedBytes)
    if isolatesTensors {
      for plan in plans {
        try bind(plan) { _, bytes throws(DeviceError) in try self.context.makeBuffer(byteCount: bytes) }
      }
      return
    }
    var arenas: [Buffer] = []
    for index in 0..<(plans.map(\.arenas.count).max() ?? 0) {
      let bytes = plans.compactMap { index < $0.arenas.count ? $0.arenas[index] : nil }.max() ?? 0
      arenas.append(try context.makeBuffer(byteCount: bytes))
    }
    // Values that take the same place one after the other share a window: a model has thousands of values in some hundred
    // places, and each window is an object of the driver.
    var windows: [Plan.Placement: Buffer] = [:]
    for plan in plans {
      try bind(plan) { placement, bytes throws(DeviceError) in
        if let made = windows[placement] { return made }
        let made = try arenas[placement.arena].window(offset: placement.offset, byteCount: bytes)
        windows[placement] = made
        return made
      }
    }
  }

  private func bind(
    _ plan: Plan, _ memory: (Plan.Placement, Int) throws(DeviceError) -> Buffer
  ) throws(DeviceError) {
    var values: [Buffer?] = []
    for (id, value) in plan.graph.values.enumerated() {
      if case .variable(let variable) = value.source {
        values.append(try buffer(of: variable))
      } else if let placement = plan.placements[id] {
        values.append(try memory(placement, placement.byteCount))
      } else {
        values.append(nil)
      }
    }
    var nodes: [NodeMemory] = []
    for (node, placement) in zip(plan.nodes, plan.scratch) {
      var scratch: Buffer?
      if let placement { scratch = try memory(placement, placement.byteCount) }
      nodes.append(
        NodeMemory(
          inputShapes: node.inputs.map { plan.graph.values[$0].shape },
          outputShapes: node.outputs.map { plan.graph.values[$0].shape },
          inputs: node.inputs.map { Self.memory($0, values) }, outputs: node.outputs.map { Self.memory($0, values) },
          scratch: scratch))
    }
    bindings[ObjectIdentifier(plan)] = Binding(plan: plan, values: values, memory: nodes)
  }

  private func buffer(of slab: Slab) -> Buffer {
    guard let buffer = slabs[ObjectIdentifier(slab)]?.buffer else {
      preconditionFailure("\(slab.name) has no memory: allocate it first")
    }
    return buffer
  }

  private func buffer(of variable: Variable) throws(DeviceError) -> Buffer {
    let slab = buffer(of: variable.slab)
    if variable.offset == 0 && variable.shape.count == variable.slab.elementCount { return slab }
    if let window = windows[ObjectIdentifier(variable)] { return window.buffer }
    let place = place(of: variable, 0)
    precondition(place.isMultiple(of: SlabLayout.alignmentBytes), "\(variable.name) is not laid out to be taken alone")
    let window = try slab.window(
      offset: place,
      byteCount: variable.dtype.byteCount(variable.shape.count))
    windows[ObjectIdentifier(variable)] = (variable, window)
    return window
  }

  /// The prepared plans, in no order.
  package var plans: [Plan] { bindings.values.map(\.plan) }

  // MARK: - Running

  package func run(_ plan: Plan, _ arguments: ReplayArguments) throws(DeviceError) {
    precondition(arguments.counts.rows <= plan.graph.rowCapacity, "more rows than the plan holds")
    guard let binding = bindings[ObjectIdentifier(plan)] else { preconditionFailure("the plan was not prepared") }
    if isolatesTensors { try poison(binding) }
    for (tensor, data) in arguments.inputs {
      guard let buffer = binding.values[tensor.id] else { continue }
      try data.withBytes { bytes throws(DeviceError) in try context.write(bytes, to: buffer) }
    }
    for (node, memory) in zip(plan.nodes, binding.memory) {
      let call = DeviceCall(
        context: context, traits: deviceTraits, counts: arguments.counts, scalars: arguments.scalars,
        inputShapes: memory.inputShapes,
        outputShapes: memory.outputShapes, inputBuffers: memory.inputs, outputBuffers: memory.outputs,
        modes: node.modes, scratchBuffer: memory.scratch)
      try node.operation.enqueue(call)
    }
    try context.flush()
  }

  private static func memory(_ id: Int, _ values: [Buffer?]) -> Buffer {
    guard let buffer = values[id] else { preconditionFailure("a value without memory") }
    return buffer
  }

  private func poison(_ binding: Binding) throws(DeviceError) {
    for (id, buffer) in binding.values.enumerated() {
      guard let buffer, binding.plan.placements[id] != nil else { continue }
      try context.fill(buffer, pattern: 0x7FC0_7FC0, byteCount: buffer.byteCount / 4 * 4)
    }
  }

  // MARK: - To the device and back

  package func write(_ data: HostData, to variable: Variable, at offset: Int) throws(DeviceError) {
    if case .floats(let floats) = data {
      return try floats.withUnsafeBufferPointer { floats throws(DeviceError) in
        try write(floats, to: variable, at: offset)
      }
    }
    let place = place(of: variable, offset)
    try data.withBytes { bytes throws(DeviceError) in
      try context.write(bytes, to: buffer(of: variable.slab), offset: place)
    }
  }

  /// The byte of the slab at which element `offset` of a variable starts.
  private func place(of variable: Variable, _ offset: Int) -> Int {
    variable.dtype.place(ofElement: variable.offset + offset)
  }

  package func write(_ floats: UnsafeBufferPointer<Float>, to variable: Variable, at offset: Int) throws(DeviceError) {
    let dtype = variable.dtype
    let (buffer, place) = (buffer(of: variable.slab), place(of: variable, offset))
    if dtype == .float32 { return try context.write(UnsafeRawBufferPointer(floats), to: buffer, offset: place) }
    precondition(!dtype.isBlocks || floats.count == variable.shape.count, "blocks are written as a whole")
    try dtype.encode(floats).withUnsafeBufferPointer { bytes throws(DeviceError) in
      try context.write(UnsafeRawBufferPointer(bytes), to: buffer, offset: place)
    }
  }

  package func write(stored bytes: UnsafeRawBufferPointer, to variable: Variable) throws(DeviceError) {
    try context.write(bytes, to: buffer(of: variable.slab), offset: place(of: variable, 0))
  }

  package func read(
    _ variable: Variable, at offset: Int, into floats: UnsafeMutableBufferPointer<Float>
  ) throws(DeviceError) {
    let (buffer, place, dtype) = (buffer(of: variable.slab), place(of: variable, offset), variable.dtype)
    if dtype == .float32 {
      return try context.read(buffer, offset: place, into: UnsafeMutableRawBufferPointer(floats))
    }
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: dtype.byteCount(floats.count), alignment: 16)
    defer { bytes.deallocate() }
    try context.read(buffer, offset: place, into: bytes)
    dtype.decode(UnsafeRawBufferPointer(bytes), into: floats)
  }

  package func read(_ tensor: Tensor, of plan: Plan, counts: RowCounts) throws(DeviceError) -> [Float] {
    guard let binding = bindings[ObjectIdentifier(plan)] else { preconditionFailure("the plan was not prepared") }
    let buffer = Self.memory(tensor.id, binding.values)
    var floats = [Float](repeating: 0, count: tensor.shape.count(counts))
    var failure: DeviceError?
    floats.withUnsafeMutableBytes { bytes in
      do throws(DeviceError) { try context.read(buffer, into: bytes) } catch { failure = error }
    }
    if let failure { throw failure }
    return floats
  }

  package func copy(from source: Slab, to target: Slab) throws(DeviceError) {
    try context.copy(from: buffer(of: source), to: buffer(of: target), byteCount: source.byteCount)
  }

  package func zero(_ slab: Slab) throws(DeviceError) {
    try context.fill(buffer(of: slab), pattern: 0, byteCount: slab.byteCount)
  }

  package func finish() throws(DeviceError) {
    try context.finish()
  }
}

extension HostData {
  /// Calls `body` with the bytes that are sent to the device.
  func withBytes(_ body: (UnsafeRawBufferPointer) throws(DeviceError) -> Void) throws(DeviceError) {
    var failure: DeviceError?
    func guarded(_ bytes: UnsafeRawBufferPointer) {
      do throws(DeviceError) { try body(bytes) } catch { failure = error }
    }
    switch self {
    case .floats(let floats): floats.withUnsafeBytes(guarded)
    case .ints(let ints): ints.withUnsafeBytes(guarded)
    }
    if let failure { throw failure }
  }

  /// Elements.
  package var count: Int {
    switch self {
    case .floats(let floats): floats.count
    case .ints(let ints): ints.count
    }
  }
}
