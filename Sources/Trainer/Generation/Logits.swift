import GPUTensor
import Kernels

/// The logits [R, V] of hidden rows, in a tensor for each part of the output weight.
struct Logits {
  let parts: [Tensor]

  /// - Parameter weight: [V, C], or the parts that it is divided into by rows.
  init(_ hidden: Tensor, weight: [Tensor]) {
    parts = weight.map(hidden.linear)
  }

  /// The logits after a run, row by row.
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
