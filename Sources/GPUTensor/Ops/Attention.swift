import Foundation
import Kernels

/// Grouped-query attention with online softmax: no T×T matrix is ever stored.
///
/// - inputs: q [R, H·D]; k, v [Rk, HKV·D]; keyStart, keyEnd [R]: row r attends to the key rows keyStart[r] ..<
///   keyEnd[r]; queryEnd [Rk]: key row j is attended to by query rows j ..< queryEnd[j] at most. The ranges express
///   both the causal order and the separation of samples.
/// - outputs: out [R, H·D]; lse [R, H], the logarithm of the softmax's denominator, saved for backward.
/// - Source: arXiv:2305.13245 (grouped queries), arXiv:2307.08691 (online softmax by tiles).
struct Attention: Operation {
  let name = "attention"
  let layout: AttentionLayout

  func outputs(for inputs: [Tensor]) -> [TensorDescription] {
    let q = inputs[0].shape
    precondition(
      q.columns == layout.heads * layout.headSize && inputs[1].shape.columns == layout.keyValueHeads * layout.headSize,
      "attention: q \(q), k \(inputs[1].shape), \(layout)")
    return [TensorDescription(q), TensorDescription(q.withColumns(layout.heads))]
  }

  func backward(_ pass: BackwardPass) {
    let (out, lse, dout) = (pass.output(0), pass.output(1), pass.gradient())
    let delta = pass.graph.record(AttentionDelta(layout: layout), [dout, out])[0]
    let shared = [dout, pass.input(0), pass.input(1), pass.input(2), lse, delta, pass.input(3), pass.input(4)]
    pass.contribute(to: 0, AttentionBackwardQuery(layout: layout), shared)
    pass.contribute(to: [1, 2], AttentionBackwardKeyValue(layout: layout), shared + [pass.input(5)])
  }

  func enqueue(_ call: DeviceCall) throws(DeviceError) {
    let rows = call.leading(ofInput: 0)
    let tensors = [0, 1].map(call.output) + (0...4).map(call.input)
    if call.traits.attentionFamily == .panel && rows <= AttentionLayout.panelRows {
      try layout.launchRows(call, tensors, rows: rows)
    } else {
      try layout.launch("forward", call, tensors, rows: rows, heads: layout.heads)
    }
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func evaluate<S: HostScalar>(_ call: HostCall<S>) {
    let (out, lse) = (call.output(0), call.output(1))
    let (q, k, v, keyStart, keyEnd) = (call.input(0), call.input(1), call.input(2), call.ints(3), call.ints(4))
    let (heads, size) = (layout.heads, layout.headSize)
    call.parallel(call.leading(ofInput: 0) * heads) { index in
      let (row, head) = (index / heads, index % heads)
      let target = out + index * size
      target.update(repeating: 0, count: size)
      let keys = Int(keyStart[row])..<max(Int(keyStart[row]), Int(keyEnd[row]))
      var scores = [S](repeating: 0, count: keys.count)
      for (slot, key) in keys.enumerated() {
        scores[slot] = layout.score(q + index * size, k + layout.keyOffset(row: key, head: head))
      }
      let largest = scores.max() ?? 0
      var sum: S = 0
      for score in scores { sum += S.exp(score - largest) }
      lse[index] = keys.isEmpty ? -.infinity : largest + S.log(sum)
      for (slot, key) in keys.enumerated() {
        let weight = S.exp(scores[slot] - largest) / sum
        let value = v + layout.keyOffset(row: key, head: head)
        for column in 0..<size { target[column] += weight * value[column] }
      }
    }
  }
}

/// The heads of an attention, and the launches of its kernels.
package struct AttentionLayout: Sendable {
  package let heads: Int
  package let keyValueHeads: Int
  package let headSize: Int

  package init(heads: Int, keyValueHeads: Int, headSize: Int) {
    precondition(heads % keyValueHeads == 0, "\(heads) query heads do not share \(keyValueHeads) key heads evenly")
    self.heads = heads
    self.keyValueHeads = keyValueHeads
    self.headSize = headSize
  }

  /// Factor of the scores: 1 / √D.
  var scale: Float { 1 / Float(headSize).squareRoot() }

  /// The first element, in keys or values, of a row's head that serves query head `head`.
  func keyOffset(row: Int, head: Int) -> Int {
    (row * keyValueHeads + head / (heads / keyValueHeads)) * headSize
  }

  func score<S: HostScalar>(_ query: UnsafeMutablePointer<S>, _ key: UnsafeMutablePointer<S>) -> S {
    var sum: S = 0
    for column in 0..<headSize { sum += query[column] * key[column] }
    return sum / S(headSize).squareRoot()
  }

  /// Rows in a tile of the panel family; its forward pass with at most so many rows launches row by row.
  static let panelRows = 32

  /// Launches the forward pass of few rows, one work-item for each row and head.
  func launchRows(_ call: DeviceCall, _ tensors: [KernelArgument], rows: Int) throws(DeviceError) {
    try call.launch(
      "attention_rows_forward", "attention/rows.cl", defines: ["HEAD_SIZE": headSize],
      tensors + sizes(rows: rows) + [.float(scale)], .grid(rows, heads, of: 1))
  }

  /// Work-items in a group of the tile family.
  static let tileItems = 64

  /// Rows per tile: the largest of 32, 16, 8 for which four head tiles and two weight tiles fit local memory.
  func tileRows(localBytes: Int) -> Int {
    let parts = ((headSize + 3) / 4) | 1
    return [32, 16].first { 16 * $0 * (4 * parts + 2 * ($0 / 4 + 1) + 1) <= localBytes } ?? 8
  }

  /// Launches `attention_<family>_<name>`, one group for each tile of rows and each of `heads` heads.
  func launch(
    _ name: String, _ call: DeviceCall, _ tensors: [KernelArgument], rows: Int, heads: Int
  ) throws(DeviceError) {
    let arguments = tensors + sizes(rows: rows) + [.float(scale)]
    switch call.traits.attentionFamily {
    case .panel:
      try call.launch(
        "attention_panel_\(name)", "attention/panel.cl",
        defines: ["HEAD_SIZE": headSize, "REGISTER_LANES": call.traits.registerLanes], arguments,
        .grid((rows + Self.panelRows - 1) / Self.panelRows, heads, of: 1))
    case .tile: try launchTiles(name, call, arguments, rows: rows)
    }
  }

  /// The arguments of rows and heads that every kernel takes.
  func sizes(rows: Int) -> [KernelArgument] { [.int(rows), .int(heads), .int(keyValueHeads)] }

  /// Launches `attention_tile_<name>`, one group for each tile of rows and each query head.
  func launchTiles(
    _ name: String, _ call: DeviceCall, _ arguments: [KernelArgument], rows: Int
  ) throws(DeviceError) {
    let tile = tileRows(localBytes: call.context.device.localMemoryBytes)
    let file = name == "forward" ? "attention/tile_forward.cl" : "attention/tile_backward.cl"
    try call.launch(
      "attention_tile_\(name)", file, defines: ["HEAD_SIZE": headSize, "TILE": tile], arguments,
      .grid((rows + tile - 1) / tile, heads, of: Self.tileItems))
  }
}

extension Tensor {
  /// Attention of these queries [R, H·D] over keys and values [Rk, HKV·D], within each row's range of keys: [R, H·D].
  ///
  /// `keyStart`, `keyEnd` [R] and `queryEnd` [Rk] are the int32 ranges of `Attention`.
  package func attention(
    keys: Tensor, values: Tensor, keyStart: Tensor, keyEnd: Tensor, queryEnd: Tensor, layout: AttentionLayout
  ) -> Tensor {
    graph.record(Attention(layout: layout), [self, keys, values, keyStart, keyEnd, queryEnd])[0]
  }
}

extension Attention: Checked {
  package static let stem = "attention"

  package static func cases(_ sizes: CheckSizes) -> [OperationCase] {
    typealias Layout = (heads: Int, keyValueHeads: Int, size: Int)
    let layouts: [Layout] =
      sizes == .small ? [(2, 1, 4)] : [(1, 1, 2), (4, 2, 8), (3, 3, 10), (6, 2, 24), (3, 1, 64), (2, 1, 128)]
    // Lengths of packed samples: a single one, lengths around a tile, and several.
    let packings = sizes == .small ? [[1], [3, 1, 5]] : [[1], [31], [33], [64], [65], [7, 1, 40, 2, 19], [100, 61]]
    return layouts.flatMap { layout in
      packings.map { lengths in
        packed(
          AttentionLayout(heads: layout.heads, keyValueHeads: layout.keyValueHeads, headSize: layout.size), lengths)
      }
    }
  }

  /// A case of samples with these lengths in one batch.
  private static func packed(_ layout: AttentionLayout, _ lengths: [Int]) -> OperationCase {
    let rows = lengths.reduce(0, +)
    let name = "\(layout.heads)/\(layout.keyValueHeads)x\(layout.headSize), samples \(lengths)"
    return OperationCase(name, rows: rows) { recorder in
      let q = recorder.parameter(recorder.graph.rows(layout.heads * layout.headSize), in: -2...2)
      let k = recorder.parameter(recorder.graph.rows(layout.keyValueHeads * layout.headSize), in: -2...2)
      let v = recorder.parameter(recorder.graph.rows(layout.keyValueHeads * layout.headSize))
      let starts = lengths.indices.flatMap { index in
        [Int](repeating: lengths[..<index].reduce(0, +), count: lengths[index])
      }
      let ends = lengths.indices.flatMap { index in
        [Int](repeating: lengths[...index].reduce(0, +), count: lengths[index])
      }
      let out = q.attention(
        keys: k, values: v, keyStart: recorder.ints(starts), keyEnd: recorder.ints((0..<rows).map { $0 + 1 }),
        queryEnd: recorder.ints(ends), layout: layout)
      recorder.differentiate(out, by: [q, k, v])
    }
  }
}

extension Attention: CheckedFirst {
  /// The usual head size; samples that cross the boundary of a tile of rows.
  package static var firstCases: [OperationCase] {
    [packed(AttentionLayout(heads: 3, keyValueHeads: 1, headSize: 64), [7, 1, 34, 5])]
  }
}
