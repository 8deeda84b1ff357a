import GPUTensor
import Kernels

/// Limits on the allocations of an executor, in bytes.
package struct AllocationLimits: Sendable {
  /// Most bytes of a slab in float32, unless one variable alone has more; 0: every variable has its own slab.
  let slabBytes: Int
  /// Most bytes of one allocation.
  let largestBuffer: Int

  /// Limits of an executor. A slab is at most 1 GiB: one launch updates it.
  package init(of executor: any Executor) {
    largestBuffer = executor.largestBuffer
    slabBytes = executor.isolatesTensors ? 0 : min(largestBuffer, 1 << 30)
  }
}

/// Parameters as variables, side by side in slabs; their gradients and optimiser states take the same layout.
///
/// A fused matrix is divided by rows into its parts, each a variable; so is a table (embedding, output projection) that
/// no single allocation can hold.
package struct ParameterSet {
  /// Slabs that are updated alike; `decays` is true where weight decay applies: to matrices, not to vectors.
  package struct Group {
    package let slabs: [Slab]
    package let decays: Bool
    package let rate: RateGroup
  }

  /// Descriptions of the parameters, in the order of the model's files.
  package let parameters: [ParameterDescription]
  package let groups: [Group]
  private let parts: [String: [Variable]]
  private let apart: Set<String>
  /// Names of the matrices with a row for each token, which may be divided.
  package let tables: Set<String>
  private let rates: [String: RateGroup]
  private let limits: AllocationLimits

  /// - Parameters:
  ///   - kind: beginning of the slabs' names: weights, gradients, an optimiser's state.
  ///   - types: dtypes by name of frozen parameters that are not float32; each has a slab of its own.
  ///   - dtype: dtype of the other matrices; vectors, which are few, are float32.
  ///   - layout: the dtype that places the other matrices in their slabs. float32: at the same elements as the weights,
  ///     for kernels that take whole slabs; equal to `dtype`: each at an aligned byte, for kernels that take a matrix
  ///     alone.
  ///   - apart: names of parameters that have a slab of their own.
  ///   - tables: names of parameters that may be divided.
  ///   - rates: learning rates of the parameters that do not take the common one, by name; they share no slab with others.
  package init(
    _ parameters: [ParameterDescription], kind: String, types: [String: DType] = [:], dtype: DType = .float32,
    layout: DType = .float32, apart: Set<String> = [], tables: Set<String> = [], rates: [String: RateGroup] = [:],
    limits: AllocationLimits
  ) {
    self.parameters = parameters
    (self.apart, self.tables, self.rates, self.limits) = (apart, tables, rates, limits)
    var groups: [Group] = []
    var parts: [String: [Variable]] = [:]
    func divided(_ parameter: ParameterDescription, _ dtype: DType) -> [ParameterDescription] {
      guard parameter.parts.isEmpty else { return parameter.pieces }
      guard tables.contains(parameter.name), !dtype.isBlocks else { return [parameter] }
      return parameter.divided(elementBytes: dtype.byteCount(1), largest: limits.largestBuffer)
    }
    for parameter in parameters {
      guard let dtype = types[parameter.name] else { continue }
      for part in divided(parameter, dtype) {
        let variable = Variable(name: part.name, shape: Shape(part.shape), dtype: dtype)
        groups.append(Group(slabs: [variable.slab], decays: false, rate: .common))
        parts[parameter.name, default: []].append(variable)
      }
    }
    let alone = parameters.filter { apart.contains($0.name) }.map { [$0] }
    let free = parameters.filter { types[$0.name] == nil && !apart.contains($0.name) }
    let together = [true, false].flatMap { decays in
      RateGroup.allCases.map { rate in
        free.filter { ($0.shape.count > 1) == decays && rates[$0.name] ?? .common == rate }
      }
    }
    for members in together + alone {
      guard let first = members.first else { continue }
      let decays = first.shape.count > 1
      let pieces = members.flatMap { whole in divided(whole, .float32).map { (whole: whole.name, part: $0) } }
      let places = SlabLayout(
        elementCounts: pieces.map(\.part.elementCount), dtype: decays ? layout : .float32, maxBytes: limits.slabBytes)
      let made = places.makeVariables(
        names: pieces.map(\.part.name), shapes: pieces.map { Shape($0.part.shape) },
        kind: "\(kind), \(decays ? "matrices" : "vectors")", dtype: decays ? dtype : .float32)
      groups.append(Group(slabs: made.slabs, decays: decays, rate: rates[first.name] ?? .common))
      for (piece, variable) in zip(pieces, made.variables) { parts[piece.whole, default: []].append(variable) }
    }
    self.groups = groups
    self.parts = parts
  }

  /// All slabs.
  package var slabs: [Slab] { groups.flatMap(\.slabs) }

  package var byteCount: Int { slabs.reduce(0) { $0 + $1.byteCount } }

  /// Bytes on a device of these traits; nil: the CPU fallback.
  package func byteCount(on traits: KernelTraits?) -> Int { slabs.reduce(0) { $0 + $1.byteCount(on: traits) } }

  package func contains(_ name: String) -> Bool { parts[name] != nil }

  /// The variables of a parameter by its name: one, or its parts by rows.
  package func parts(_ name: String) -> [Variable] {
    guard let parts = parts[name] else { preconditionFailure("no parameter \(name)") }
    return parts
  }

  /// The variable of a parameter that is not divided.
  package func variable(_ name: String) -> Variable {
    let parts = parts(name)
    precondition(parts.count == 1, "\(name) is divided")
    return parts[0]
  }

  /// The learning rate that a parameter takes.
  package func rate(of name: String) -> RateGroup { rates[name] ?? .common }

  /// All variables, in the order of the parameters.
  package var variables: [Variable] { parameters.flatMap { parts($0.name) } }

  /// The same parameters, or the wanted ones, with memory of their own: gradients, states, a copy.
  ///
  /// - Parameter takenAlone: true: kernels take each parameter alone; false: whole slabs beside those of this set.
  package func sibling(
    kind: String, dtype: DType = .float32, takenAlone: Bool = false,
    where isWanted: (ParameterDescription) -> Bool = { _ in true }
  ) -> ParameterSet {
    ParameterSet(
      parameters.filter(isWanted), kind: kind, dtype: dtype, layout: takenAlone ? dtype : .float32, apart: apart,
      tables: tables, rates: rates, limits: limits)
  }

  /// Copies all values to a set of the same layout, on the device.
  package func copy(to target: ParameterSet, on executor: any Executor) throws(DeviceError) {
    for (source, destination) in zip(slabs, target.slabs) { try executor.copy(from: source, to: destination) }
  }

  /// Writes numbers of a parameter, the first of them to element `offset`.
  package func write(
    _ floats: UnsafeBufferPointer<Float>, to name: String, at offset: Int = 0, on executor: any Executor
  ) throws(DeviceError) {
    var begin = 0
    for part in parts(name) {
      let end = begin + part.shape.count
      let (first, last) = (max(offset, begin), min(offset + floats.count, end))
      if first < last {
        let piece = UnsafeBufferPointer(rebasing: floats[first - offset..<last - offset])
        try executor.write(piece, to: part, at: first - begin)
      }
      begin = end
    }
  }

  /// Writes a parameter that is kept in blocks, from its stored bytes.
  package func write(
    stored bytes: UnsafeRawBufferPointer, to name: String, on executor: any Executor
  ) throws(DeviceError) {
    let parts = parts(name)
    for (part, own) in zip(parts, bytes.consecutive(parts.map { $0.dtype.byteCount($0.shape.count) })) {
      try executor.write(stored: UnsafeRawBufferPointer(rebasing: own), to: part)
    }
  }

  /// Writes all numbers of a parameter.
  package func write(_ values: [Float], to name: String, on executor: any Executor) throws(DeviceError) {
    try values.withUnsafeBufferPointer { (floats) throws(DeviceError) in try write(floats, to: name, on: executor) }
  }

  /// All numbers of a parameter.
  package func values(_ name: String, from executor: any Executor) throws(DeviceError) -> [Float] {
    var values: [Float] = []
    for part in parts(name) { values += try executor.read(part) }
    return values
  }

  /// Calls `body` with the numbers of a parameter, part by part.
  package func read(
    _ name: String, from executor: any Executor, _ body: (UnsafeBufferPointer<Float>) throws -> Void
  ) throws {
    for part in parts(name) { try executor.read(part).withUnsafeBufferPointer(body) }
  }
}

extension RandomAccessCollection {
  /// Stretches of these lengths, one after the other.
  func consecutive(_ counts: [Int]) -> [SubSequence] {
    var rest = self[...]
    return counts.map { count in
      defer { rest = rest.dropFirst(count) }
      return rest.prefix(count)
    }
  }
}

extension ParameterDescription {
  /// The parts of a fused matrix or vector, by rows; of another the whole.
  package var pieces: [ParameterDescription] {
    if parts.isEmpty { return [self] }
    var first = 0
    return parts.map { rows in
      defer { first += rows }
      return rowPart(first..<first + rows)
    }
  }

  private func rowPart(_ rows: Range<Int>) -> ParameterDescription {
    ParameterDescription(name: "\(name), rows \(rows)", shape: [rows.count] + shape.dropFirst())
  }

  /// The matrix in as few and as equal parts of whole rows as fit one allocation each; itself where it fits whole. All
  /// parts but the last have a multiple of 256 rows, so that offsets into the logits are aligned.
  func divided(elementBytes: Int, largest: Int) -> [ParameterDescription] {
    let multiple = 256
    let columns = shape.dropFirst().reduce(1, *)
    guard elementCount * elementBytes > largest else { return [self] }
    let most = max(largest / (columns * elementBytes) / multiple, 1) * multiple
    let count = (shape[0] + most - 1) / most
    let rows = ((shape[0] + count - 1) / count + multiple - 1) / multiple * multiple
    return stride(from: 0, to: shape[0], by: rows).map { first in
      rowPart(first..<min(first + rows, shape[0]))
    }
  }
}
