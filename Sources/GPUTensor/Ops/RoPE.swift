import Foundation
import Kernels

/// Rotary position embedding of [R, H·D]: in each head, the pair (i, i + P) is rotated by position · frequency(i), i < P.
/// P is D/2, or less (partial rotation): then the columns from 2P on pass unchanged.
///
/// - inputs: x [R, H·D]; table [T, 2P], for each position P cosines, then P sines; positions [R].
/// - Source: RoFormer, arXiv:2104.09864, with the pairs of Hugging Face's rotate-half.
struct RoPE: Joinable {
  let name = "rope"
  let headSize: Int
  /// +1 forward; −1 backward, where the gradient is rotated back.
  let direction: Float

  func outputs(for inputs: [Tensor]) -> [TensorDescription] {
    let (x, table) = (inputs[0].shape, inputs[1].shape)
    precondition(
      x.columns % headSize == 0 && table.columns <= headSize && table.columns % 2 == 0, "rope: x \(x), table \(table)")
    return [TensorDescription(x)]
  }

  func backward(_ pass: BackwardPass) {
    pass.contribute(
      to: 0, RoPE(headSize: headSize, direction: -direction), [pass.gradient(), pass.input(1), pass.input(2)])
  }

  func enqueue(_ call: DeviceCall) throws(DeviceError) {
    try Self.enqueue([(self, call)])
  }

  /// The most parts of one launch: queries and keys.
  static let mostParts = 2

  func joins(_ other: RoPE, inputs: [Int], otherInputs: [Int]) -> Bool {
    inputs[1...] == otherInputs[1...] && headSize == other.headSize && direction == other.direction
  }

  static func enqueue(_ parts: [(operation: RoPE, call: DeviceCall)]) throws(DeviceError) {
    let (rope, call) = parts[0]
    let rows = call.leading(ofInput: 0)
    var tensors: [KernelArgument] = []
    for index in 0..<mostParts {
      // The missing second tensor has no heads.
      let part = index < parts.count ? parts[index].call : call
      let heads = index < parts.count ? part.inputShapes[0].columns / rope.headSize : 0
      tensors += [part.output(0), part.input(0), .int(heads)]
    }
    try call.launchRows(
      "rope_apply", "rope.cl",
      tensors + [
        call.input(1), call.input(2), .int(rows), .int(rope.headSize), .int(call.inputShapes[1].columns / 2),
        .float(rope.direction),
      ], rows: rows)
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func evaluate<S: HostScalar>(_ call: HostCall<S>) {
    let (out, x, table, positions) = (call.output(0), call.input(0), call.input(1), call.ints(2))
    let columns = call.inputShapes[0].columns
    let pairs = call.inputShapes[1].columns / 2
    call.parallel(call.leading(ofInput: 0)) { row in
      let cosines = table + Int(positions[row]) * 2 * pairs
      for head in stride(from: row * columns, to: (row + 1) * columns, by: headSize) {
        for index in 0..<pairs {
          let (cosine, sine) = (cosines[index], cosines[pairs + index] * S(direction))
          let (first, second) = (x[head + index], x[head + pairs + index])
          out[head + index] = first * cosine - second * sine
          out[head + pairs + index] = second * cosine + first * sine
        }
        for index in 2 * pairs..<headSize { out[head + index] = x[head + index] }
      }
    }
  }
}

extension Tensor {
  /// This tensor [R, H·D], each head rotated by its row's position; `table` comes from `RoPETable`, and where its columns
  /// are fewer than D, only the first so many columns of a head are rotated.
  package func rope(table: Tensor, positions: Tensor, headSize: Int) -> Tensor {
    graph.record(RoPE(headSize: headSize, direction: 1), [self, table, positions])[0]
  }
}

/// The cosines and sines that `RoPE` reads.
package enum RoPETable {
  /// The table [positions, 2P]: for each position P cosines, then P sines; computed in double.
  ///
  /// - Parameters:
  ///   - frequencies: P angles, in radians a position.
  ///   - scale: factor of the cosines and sines.
  package static func make(frequencies: [Double], positions: Int, scale: Double = 1) -> [Float] {
    var table: [Float] = []
    table.reserveCapacity(positions * frequencies.count * 2)
    for position in 0..<positions {
      table += frequencies.map { Float(scale * cos(Double(position) * $0)) }
      table += frequencies.map { Float(scale * sin(Double(position) * $0)) }
    }
    return table
  }
}

extension RoPE: Checked {
  package static let stem = "rope"

  package static func cases(_ sizes: CheckSizes) -> [OperationCase] {
    let whole = sizes == .small ? [(1, 2), (3, 6)] : [(1, 2), (3, 6), (2, 16), (5, 34), (9, 64)]
    let partial = sizes == .small ? [(3, 7, 4)] : [(3, 7, 4), (2, 40, 38), (5, 128, 96), (3, 64, 32)]
    return (whole.map { ($0, $1, $1) } + partial).flatMap { count, size, rotary in
      sizes.rows.map { rows in
        let name = "\(rows) rows, \(count) heads of \(size)\(rotary < size ? ", \(rotary) rotated" : "")"
        return OperationCase(name, rows: rows) { recorder in
          let x = recorder.parameter(recorder.graph.rows(count * size))
          let frequencies = (0..<rotary / 2).map { pow(10000, -2 * Double($0) / Double(rotary)) }
          let table = recorder.parameter(
            Shape([rows, rotary]), values: RoPETable.make(frequencies: frequencies, positions: rows))
          let positions = recorder.ints((0..<rows).map { ($0 * 7 + 3) % rows })
          recorder.differentiate(x.rope(table: table, positions: positions, headSize: size), by: [x])
          // Queries and keys, which have fewer heads, in one launch.
          let keys = recorder.parameter(recorder.graph.rows(size))
          for tensor in [x, keys] { recorder.compare(tensor.rope(table: table, positions: positions, headSize: size)) }
        }
      }
    }
  }
}
