import Foundation
import Kernels

/// Neighbouring nodes of a transformer's block, fused to one launch for few rows (decoding): it names each op that it fuses.
///
/// A block is a norm, the products X·Wᵀ of its result, and the nodes that follow: the gate of the feed-forward half, or the
/// rotations and cache rows of the attention half.
///
/// `LaunchFusion` makes blocks in plans of at most 8 rows for devices of the panel family. Where such a plan multiplies
/// otherwise than by `FewRowsOnCPU`, as tuning may ask for, the nodes are executed one after the other.
struct DecodeBlock: Multiplying {
  /// The nodes that follow the products.
  private enum End {
    case nothing
    case gate(Activation)
    /// Rotations of queries and keys, then the cache rows of keys and values.
    case rotary(headSize: Int)
  }

  /// One of the fused nodes, with the places of its tensors in the block.
  private struct Part {
    let operation: any Operation
    let reads: [TensorPlace]
    let writes: [Int]
  }

  let name = "matmul"
  private let norm: Part?
  private let products: Part
  private let last: [Part]
  private let end: End
  private let matmuls: [Matmul]

  private var parts: [Part] { (norm.map { [$0] } ?? []) + [products] + last }

  // MARK: - Finding a block

  /// The block that begins with the first of some nodes, and the number of nodes that it takes; nil: no block begins there.
  static func beginning(_ nodes: ArraySlice<Graph.Node>) -> (node: Graph.Node, count: Int)? {
    var rest = nodes
    var taken: [Graph.Node] = []
    var normalised: Int?
    if let first = rest.first, let norm = norm(of: first.operation) {
      // Heads that are normalised each by itself are no rows of a product.
      guard norm.heads == 1 else { return nil }
      normalised = first.operation is AddedRMSNorm ? first.outputs[1] : first.outputs[0]
      taken.append(rest.removeFirst())
    }
    guard let products = rest.popFirst(), multiplies(products, rows: normalised) else { return nil }
    taken.append(products)
    let (end, last) = end(of: products, rest)
    taken += last
    guard taken.count > 1 else { return nil }
    return (node(of: taken, hasNorm: normalised != nil, end: end), taken.count)
  }

  /// The norm of an op that is one, alone or with the sum before it.
  private static func norm(of operation: any Operation) -> RMSNorm? {
    operation as? RMSNorm ?? (operation as? AddedRMSNorm)?.norm
  }

  /// True where a node is products X·Wᵀ, and X is the value `rows` where that is given.
  private static func multiplies(_ node: Graph.Node, rows: Int?) -> Bool {
    let matmuls = matmuls(of: node.operation)
    return !matmuls.isEmpty && matmuls.allSatisfy { !$0.transposeA && $0.transposeB }
      && (rows == nil || rows == node.inputs[0]) && node.modes.allSatisfy { $0 == .overwrite }
  }

  /// The products of an op: one, or several that are fused; none of another op.
  private static func matmuls(of operation: any Operation) -> [Matmul] {
    (operation as? Fused<Matmul>)?.parts ?? (operation as? Matmul).map { [$0] } ?? []
  }

  private static func end(of products: Graph.Node, _ rest: ArraySlice<Graph.Node>) -> (End, [Graph.Node]) {
    let made = products.outputs
    guard let next = rest.first, next.modes.allSatisfy({ $0 == .overwrite }) else { return (.nothing, []) }
    if let gate = next.operation as? SwiGLU, made.count == 2, next.inputs == made {
      return (.gate(gate.activation), [next])
    }
    guard made.count == 3, let turns = next.operation as? Fused<RoPE>, turns.parts[0].direction == 1,
      [next.inputs[0], next.inputs[3]] == Array(made[..<2]), let cache = rest.dropFirst().first,
      cache.operation is Fused<CacheRows>, [cache.inputs[0], cache.inputs[2]] == [next.outputs[1], made[2]]
    else { return (.nothing, []) }
    return (.rotary(headSize: turns.parts[0].headSize), [next, cache])
  }

  /// The reason why a block ends with its products though rotations or a gate follow; nil where it does not end so.
  static func unfused(_ node: Graph.Node, before next: Graph.Node) -> String? {
    let block = node.operation as? DecodeBlock
    let products = block.map { $0.last.isEmpty ? $0.matmuls.count : 0 } ?? matmuls(of: node.operation).count
    guard products > 1 else { return nil }
    let part = products == 2 ? "gate" : "rotation"
    switch next.operation {
    case is Bias: return "\(part): biases are added first"
    case let norm as RMSNorm:
      return norm.heads > 1 ? "\(part): heads are normalised first" : "\(part): rows are normalised first"
    default: return nil
    }
  }

  private static func node(of nodes: [Graph.Node], hasNorm: Bool, end: End) -> Graph.Node {
    let outputs = nodes.flatMap(\.outputs)
    var inputs: [Int] = []
    let parts = nodes.map { node in
      let reads = node.inputs.map { id in
        if let written = outputs.firstIndex(of: id) { return TensorPlace.output(written) }
        if !inputs.contains(id) { inputs.append(id) }
        return .input(inputs.firstIndex(of: id) ?? 0)
      }
      return Part(
        operation: node.operation, reads: reads, writes: node.outputs.map { outputs.firstIndex(of: $0) ?? 0 })
    }
    let products = hasNorm ? 1 : 0
    let block = DecodeBlock(
      norm: hasNorm ? parts[0] : nil, products: parts[products], last: Array(parts[(products + 1)...]), end: end)
    return Graph.Node(operation: block, inputs: inputs, outputs: outputs, modes: nodes.flatMap(\.modes))
  }

  private init(norm: Part?, products: Part, last: [Part], end: End) {
    (self.norm, self.products, self.last, self.end) = (norm, products, last, end)
    matmuls = Self.matmuls(of: products.operation)
  }

  func outputs(for inputs: [Tensor]) -> [TensorDescription] {
    preconditionFailure("a block is made of nodes that are there")
  }

  // MARK: - Plans and replays

  var choices: [MatmulChoice] { matmuls.flatMap(\.choices) }

  func planned(_ shapes: NodeShapes, traits: KernelTraits) -> DecodeBlock {
    func planned(_ part: Part) -> Part {
      Part(
        operation: part.operation.planned(self.shapes(of: part, in: shapes), traits: traits), reads: part.reads,
        writes: part.writes)
    }
    let products = planned(products)
    return DecodeBlock(norm: norm.map(planned), products: products, last: last.map(planned), end: end)
  }

  private func shapes(of part: Part, in block: NodeShapes) -> NodeShapes {
    NodeShapes(
      inputs: part.reads.map { $0.value(inputs: block.inputs, outputs: block.outputs) },
      outputs: part.writes.map { block.outputs[$0] })
  }

  func scratchBytes(_ call: NodeShapes, traits: KernelTraits?) -> Int {
    let each = parts.map { $0.operation.scratchBytes(shapes(of: $0, in: call), traits: traits) }
    let rows = products.reads[0].value(inputs: call.inputs, outputs: call.outputs)
    let own = norm == nil ? 0 : ((traits?.computeUnits ?? 1) - 1) * rows.count * MemoryLayout<Float>.size
    return max(each.max() ?? 0, own)
  }

  func enqueue(_ call: DeviceCall) throws(DeviceError) {
    let products = matmuls.indices.map { product($0, call) }
    guard MatmulProduct.areFewRowsOnCPU(products), products[0].size.m > 0 else {
      for part in parts { try part.operation.enqueue(call.part(reading: part.reads, writing: part.writes)) }
      return
    }
    let size = products[0].size
    let (kernel, activation, tensors, shares) = ending(products, call)
    let norm = normalising(call, rows: products[0].a)
    try call.launch(
      kernel, "matmul/decode_block.cl",
      defines: ["NORM": norm.number, "MOST_ROWS": MatmulChoice.fewRows] + activation
        + products[0].typeOfB.storageDefines
        + MatmulWay.fewRowsOnCPU.operandDefines(call.traits),
      [.update(try call.context.counters())] + norm.tensors + [.int(size.m), .int(size.k)] + tensors,
      .groups(min(call.traits.computeUnits, shares), of: 1))
  }

  /// One of the products, made without a `DeviceCall` of its own, since a token takes some hundred of them.
  private func product(_ index: Int, _ call: DeviceCall) -> MatmulProduct {
    let (rows, weight) = (products.reads[2 * index], products.reads[2 * index + 1])
    let size = MatmulSize(
      m: rows.value(inputs: call.inputShapes, outputs: call.outputShapes).leading(call.counts),
      n: weight.value(inputs: call.inputShapes, outputs: call.outputShapes).dimensions[0],
      k: weight.value(inputs: call.inputShapes, outputs: call.outputShapes).columns, transposeB: true)
    return MatmulProduct(
      choice: matmuls[index].plannedChoice, size: size, c: call.outputBuffer(products.writes[index]),
      a: call.buffer(at: rows), b: call.buffer(at: weight),
      typeOfB: matmuls[index].typeOfB, accumulate: false)
  }

  /// The source of the products' rows: the kernel's NORM, and the arguments for its ROWS_PARAMETERS.
  private func normalising(_ call: DeviceCall, rows: Buffer) -> (number: Int, tensors: [KernelArgument]) {
    guard let norm, let operation = Self.norm(of: norm.operation) else { return (0, [.read(rows)]) }
    let (written, read) = (norm.writes.map(call.output), norm.reads.map { KernelArgument.read(call.buffer(at: $0)) })
    // Without scratch memory there is one work-item, which uses no rows of its own: any output stands in for them.
    let own = KernelArgument.write(call.scratchBuffer ?? call.outputBuffer(norm.writes[norm.writes.count - 1]))
    return (norm.writes.count - 1, written + [own] + read + [.float(operation.eps), .float(operation.weightOffset)])
  }

  /// The kernel, its define of an activation, its arguments after the rows, and the number of shares of work that the
  /// work-items divide.
  private func ending(
    _ made: [MatmulProduct], _ call: DeviceCall
  ) -> (kernel: String, Defines, [KernelArgument], shares: Int) {
    let run = call.traits.vectorWidth
    func shares(_ columns: Int, of size: Int) -> Int { (columns + size - 1) / size }
    func pair(_ product: MatmulProduct) -> [KernelArgument] { [.write(product.c), .read(product.b)] }
    func read(_ part: Part, _ index: Int) -> KernelArgument { .read(call.buffer(at: part.reads[index])) }
    switch end {
    case .nothing:
      let arguments = (0..<Matmul.mostParts).flatMap { index in
        // A product that is not there has no columns.
        index < made.count ? pair(made[index]) + [.int(made[index].size.n)] : pair(made[0]) + [.int(0)]
      }
      return ("decode_norm", [:], arguments, made.reduce(0) { $0 + shares($1.size.n, of: 2 * run) })
    case .gate(let activation):
      return (
        "decode_gated", activation.defines,
        pair(made[0]) + [.int(made[0].size.n)] + pair(made[1]) + [call.output(last[0].writes[0])],
        shares(made[0].size.n, of: run)
      )
    case .rotary(let headSize):
      let (turns, caches) = (last[0], last[1])
      let widths = made.map(\.size.n)
      let pairs = turns.reads[1].value(inputs: call.inputShapes, outputs: call.outputShapes).columns / 2
      let ofHead = shares(pairs, of: run) + shares(headSize - 2 * pairs, of: 2 * run)
      let turned = (widths[0] + widths[1]) / headSize * ofHead
      return (
        "decode_rotary", [:],
        pair(made[0]) + [.int(widths[0])] + pair(made[1]) + [.int(widths[1])] + pair(made[2]) + [
          .int(widths[2])
        ]
          + (turns.writes + caches.writes).map(call.output)
          + [read(turns, 1), read(turns, 2), read(caches, 1), .int(headSize), .int(pairs)],
        turned + shares(widths[2], of: 2 * run)
      )
    }
  }

  func evaluate<S: HostScalar>(_ call: HostCall<S>) {
    for part in parts { part.operation.evaluate(call.part(reading: part.reads, writing: part.writes)) }
  }
}

extension DecodeBlock: CheckedFirst {
  /// The attention half of a block, for three decoded rows.
  package static var firstCases: [OperationCase] { [attention(rows: 3, .float32, headSize: 64)] }
}

extension DecodeBlock: Checked {
  package static let stem = "decode_block"

  package static func cases(_ sizes: CheckSizes) -> [OperationCase] {
    // Up to 8 rows blocks are made; 9 rows check the nodes apart. Heads whose halves do and do not fill vectors.
    let rows = sizes == .small ? [1, 9] : [1, 7, 8, 9]
    return rows.flatMap { count in
      [DType.float32, .bfloat16, .q4_1].flatMap { dtype in
        [false, true].map { adds in gate(rows: count, dtype, adds: adds) }
          + (sizes == .small ? [6] : [6, 32, 64]).map { attention(rows: count, dtype, headSize: $0) }
      } + [
        gate(rows: count, .float32, adds: true, .geluTanh, weightOffset: 1),
        attention(rows: count, .float32, headSize: 7, rotary: 4),
        attention(rows: count, .bfloat16, headSize: 128, rotary: 96),
      ]
    }
  }

  private static let width = 96

  /// The capacity of a case: 8 where so few rows are to make blocks.
  private static func capacity(_ rows: Int) -> Int { max(rows, MatmulChoice.fewRows) }

  /// A weight [columns, width] in `dtype`; frozen in any but float32.
  private static func weight(_ recorder: CaseRecorder, _ columns: Int, _ dtype: DType) -> Tensor {
    let shape = Shape([columns, width])
    return dtype == .float32 ? recorder.parameter(shape) : recorder.frozen(shape, dtype: dtype)
  }

  private static func gate(
    rows: Int, _ dtype: DType, adds: Bool, _ activation: Activation = .silu, weightOffset: Float = 0
  ) -> OperationCase {
    OperationCase(
      "\(rows) rows, \(adds ? "added, " : "")gated by 37 columns, \(activation.rawValue), \(dtype.rawValue)",
      rows: rows, rowCapacity: capacity(rows)
    ) { recorder in
      let shape = recorder.graph.rows(width)
      let x = adds ? recorder.parameter(shape) + recorder.parameter(shape) : recorder.parameter(shape)
      let h = x.rmsNorm(
        recorder.parameter(Shape([width]), in: 0.5...1.5), eps: 1e-5, weightOffset: weightOffset)
      let (gate, up) = (h.linear(weight(recorder, 37, dtype)), h.linear(weight(recorder, 37, dtype)))
      let gated = gate.gated(activation, up)
      // A product alone with its own norm; and a gate without a norm.
      let alone = gated.scaled(by: 2).linear(recorder.parameter(Shape([width, 37])))
      let again = alone.rmsNorm(recorder.parameter(Shape([width]), in: 0.5...1.5), eps: 1e-5)
        .linear(weight(recorder, 5, dtype))
      let (left, right) = (x.linear(weight(recorder, 5, dtype)), x.linear(weight(recorder, 5, dtype)))
      for tensor in [x, h, gate, up, gated, again, left.gated(activation, right)] { recorder.compare(tensor) }
    }
  }

  private static func attention(
    rows: Int, _ dtype: DType, headSize: Int, rotary: Int? = nil
  ) -> OperationCase {
    let turned = rotary.map { "\($0) of " } ?? ""
    return OperationCase(
      "\(rows) rows, three heads of \(turned)\(headSize) and a cache, \(dtype.rawValue)", rows: rows,
      rowCapacity: capacity(rows)
    ) { recorder in
      let x = recorder.parameter(recorder.graph.rows(width)) + recorder.parameter(recorder.graph.rows(width))
      let h = x.rmsNorm(recorder.parameter(Shape([width]), in: 0.5...1.5), eps: 1e-5)
      let products = [3, 1, 1].map { h.linear(weight(recorder, $0 * headSize, dtype)) }
      let pairs = (rotary ?? headSize) / 2
      let angles = (0..<(rows + 3) * pairs).map { 0.37 * Double($0) }
      let table = recorder.parameter(
        Shape([rows + 3, 2 * pairs]),
        values: (0..<rows + 3).flatMap { position in
          let own = angles[position * pairs..<(position + 1) * pairs]
          return own.map { Float(cos($0)) } + own.map { Float(sin($0)) }
        })
      let positions = recorder.ints((0..<rows).map { ($0 * 5 + 2) % (rows + 3) })
      let places = recorder.ints((0..<rows).map { 2 * (rows - $0) })
      let caches = (0..<2).map { _ in recorder.parameter(Shape([2 * rows + 3, headSize])) }
      let turned = products[..<2].map { $0.rope(table: table, positions: positions, headSize: headSize) }
      turned[1].append(toCache: caches[0], places: places)
      products[2].append(toCache: caches[1], places: places)
      for tensor in [x, h] + products + turned + caches.map({ $0.scaled(by: 2) }) { recorder.compare(tensor) }
    }
  }
}
