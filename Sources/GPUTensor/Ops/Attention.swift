import Foundation
import Kernels

/// Grouped-query attention with online softmax: no T×T matrix is ever stored.
///
/// The score of a query and a key is scale · q·k; where the layout has a soft cap, cap · tanh(scale · q·k / cap).
///
/// - inputs: q [R, H·D]; k, v [Rk, HKV·D]; keyStart, keyEnd [R]: row r attends to the key rows keyStart[r] ..<
///   keyEnd[r]; queryEnd [Rk]: key row j is attended to by query rows j ..< queryEnd[j] at most. The ranges express
///   both the causal order and the separation of samples.
/// - outputs: out [R, H·D]; lse [R, H], the logarithm of the softmax's denominator, saved for backward.
/// - Source: arXiv:2305.13245 (grouped queries), arXiv:2307.08691 (online softmax by tiles), arXiv:2408.00118 (the cap).
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

/// The heads of an attention, the scores of their queries and keys, and the launches of its kernels.
package struct AttentionLayout: Sendable, CustomStringConvertible {
  package let heads: Int
  package let keyValueHeads: Int
  package let headSize: Int
  private let ownScale: Float?
  private let softCap: SoftCap?

  /// - Parameters:
  ///   - scale: factor of the scores; nil: 1 / √D.
  ///   - softCap: bound of the scores, which approach it by tanh; nil: none.
  package init(heads: Int, keyValueHeads: Int, headSize: Int, scale: Float? = nil, softCap: Float? = nil) {
    precondition(heads % keyValueHeads == 0, "\(heads) query heads do not share \(keyValueHeads) key heads evenly")
    precondition(softCap.map { $0 > 0 } ?? true, "a soft cap of \(softCap ?? 0)")
    self.heads = heads
    self.keyValueHeads = keyValueHeads
    self.headSize = headSize
    ownScale = scale
    self.softCap = softCap.map(SoftCap.init)
  }

  /// Factor of the scores.
  func scale<S: HostScalar>(_ type: S.Type = S.self) -> S { ownScale.map(S.init) ?? 1 / S(headSize).squareRoot() }

  /// The last arguments of every kernel that computes scores: the factor and, where there is one, the cap.
  var scoreArguments: [KernelArgument] { ([scale()] + [softCap?.cap].compactMap { $0 }).map { .float($0) } }

  /// The defines of every kernel that computes scores.
  var defines: Defines { ["HEAD_SIZE": headSize] + (softCap == nil ? [:] : ["SOFT_CAP": 1]) }

  package var description: String {
    "\(heads)/\(keyValueHeads)x\(headSize)" + (ownScale.map { ", scale \($0)" } ?? "")
      + (softCap.map { ", cap \($0.cap)" } ?? "")
  }

  /// The first element, in keys or values, of a row's head that serves query head `head`.
  func keyOffset(row: Int, head: Int) -> Int {
    (row * keyValueHeads + head / (heads / keyValueHeads)) * headSize
  }

  func score<S: HostScalar>(_ query: UnsafeMutablePointer<S>, _ key: UnsafeMutablePointer<S>) -> S {
    var sum: S = 0
    for column in 0..<headSize { sum += query[column] * key[column] }
    let score = ownScale.map { sum * S($0) } ?? sum / S(headSize).squareRoot()
    return softCap?.value(score) ?? score
  }

  /// The gradient of a score before its cap, from that after it.
  func gradient<S: HostScalar>(_ gradient: S, atScore score: S) -> S {
    softCap.map { gradient * $0.slope(atValue: score) } ?? gradient
  }

  /// Rows in a tile of the panel family; its forward pass with at most so many rows launches row by row.
  static let panelRows = 32

  /// Launches the forward pass of few rows, one work-item for each row and head.
  func launchRows(_ call: DeviceCall, _ tensors: [KernelArgument], rows: Int) throws(DeviceError) {
    try call.launch(
      "attention_rows_forward", "attention/rows.cl", defines: defines, tensors + sizes(rows: rows) + scoreArguments,
      .grid(rows, heads, of: 1))
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
    let arguments = tensors + sizes(rows: rows) + scoreArguments
    switch call.traits.attentionFamily {
    case .panel:
      try call.launch(
        "attention_panel_\(name)", "attention/panel.cl",
        defines: defines + ["REGISTER_LANES": call.traits.registerLanes], arguments,
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
      "attention_tile_\(name)", file, defines: defines + ["TILE": tile], arguments,
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
    let plain = layouts.flatMap { layout in
      packings.map { lengths in
        packed(
          AttentionLayout(heads: layout.heads, keyValueHeads: layout.keyValueHeads, headSize: layout.size), lengths)
      }
    }
    // Windows narrower than a tile, about as wide, and wider than some samples; few rows go forward row by row.
    let windowed = (sizes == .small ? [2] : [1, 5, 33]).flatMap { window in
      (sizes == .small ? [[3, 1, 5]] : [[20, 11], [7, 1, 40, 2, 19], [100, 61]]).flatMap { lengths in
        [
          packed(AttentionLayout(heads: 4, keyValueHeads: 2, headSize: 8), lengths, window: window),
          packed(
            AttentionLayout(heads: 3, keyValueHeads: 1, headSize: 10, scale: 0.5, softCap: 2), lengths, window: window),
        ]
      }
    }
    let capped = (sizes == .small ? [[3, 1, 5]] : [[1], [31], [65], [7, 1, 40, 2, 19]]).flatMap { lengths in
      [
        packed(AttentionLayout(heads: 4, keyValueHeads: 2, headSize: 8, softCap: 1), lengths),
        packed(AttentionLayout(heads: 2, keyValueHeads: 1, headSize: 64, scale: 1 / 12, softCap: 50), lengths),
        packed(AttentionLayout(heads: 1, keyValueHeads: 1, headSize: 24, scale: 0.015625), lengths),
      ]
    }
    let largest = AttentionLayout(heads: 2, keyValueHeads: 1, headSize: 256, softCap: 50)
    return plain + windowed + capped + (sizes == .small ? [] : [packed(largest, [33], window: 9)])
  }

  /// A case of samples with these lengths in one batch, in which a row attends to the last `window` keys of its sample.
  private static func packed(_ layout: AttentionLayout, _ lengths: [Int], window: Int? = nil) -> OperationCase {
    let rows = lengths.reduce(0, +)
    let name = "\(layout), samples \(lengths)" + (window.map { ", window \($0)" } ?? "")
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
      let (widest, own) = (window ?? rows, 0..<rows)
      let out = q.attention(
        keys: k, values: v, keyStart: recorder.ints(own.map { max(starts[$0], $0 + 1 - widest) }),
        keyEnd: recorder.ints(own.map { $0 + 1 }), queryEnd: recorder.ints(own.map { min(ends[$0], $0 + widest) }),
        layout: layout)
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
