import Foundation
import GPUTensor
import Kernels

/// Logits [R, V] of hidden states [R, C], one tensor for each part of the output weight.
struct Logits {
  private let parts: [Tensor]
  /// Adapters' shares [R, V], which are added where the logits are read; where the weight is whole they are in it.
  private let shares: [Tensor]
  /// Bound of the logits where it is applied after these shares; nil: the parts are bounded, or have no bound.
  private let softCap: Float?

  /// The tensors that a plan keeps for `read`.
  var outputs: [Tensor] { parts + shares }

  /// The logits of `llama`'s hidden states.
  init(_ hidden: Tensor, of llama: Llama) {
    let products = llama.outputWeight.map(hidden.linear)
    let shares = llama.logitShares(hidden).map { $0.input.linear($0.weight) }
    let addsLater = products.count > 1 && !shares.isEmpty
    let sums = addsLater || shares.isEmpty ? products : [shares.reduce(products[0], +)]
    self.shares = addsLater ? shares : []
    softCap = addsLater ? llama.logitSoftCap : nil
    parts = addsLater ? sums : sums.map { sum in llama.logitSoftCap.map { sum.softCapped(by: $0) } ?? sum }
  }

  /// Reads the logits of `plan` back: [rows, V], row-major.
  func read(of plan: Plan, rows: Int, from executor: any Executor) throws(DeviceError) -> [Float] {
    let values = try parts.map { part throws(DeviceError) in try executor.read(part, of: plan, rows: rows) }
    guard values.count > 1 else { return values[0] }
    var logits = (0..<rows).flatMap { row in
      zip(parts, values).flatMap { part, values in
        values[row * part.shape.columns..<(row + 1) * part.shape.columns]
      }
    }
    for share in shares {
      for (place, value) in try executor.read(share, of: plan, rows: rows).enumerated() { logits[place] += value }
    }
    if let softCap {
      for place in logits.indices { logits[place] = softCap * tanh(logits[place] / softCap) }
    }
    return logits
  }
}
