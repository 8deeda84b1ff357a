import GPUTensor
import Kernels

/// Logits [R, V] of hidden states [R, C], one tensor for each part of the output weight.
struct Logits {
  let parts: [Tensor]

  /// The logits of `llama`'s hidden states.
  init(_ hidden: Tensor, of llama: Llama) {
    let products = llama.outputWeight.map(hidden.linear)
    parts = llama.logitSoftCap.map { cap in products.map { $0.softCapped(by: cap) } } ?? products
  }

  /// Reads the logits of `plan` back: [rows, V], row-major.
  func read(of plan: Plan, rows: Int, from executor: any Executor) throws(DeviceError) -> [Float] {
    let values = try parts.map { part throws(DeviceError) in try executor.read(part, of: plan, rows: rows) }
    guard values.count > 1 else { return values[0] }
    return (0..<rows).flatMap { row in
      zip(parts, values).flatMap { part, values in
        values[row * part.shape.columns..<(row + 1) * part.shape.columns]
      }
    }
  }
}
