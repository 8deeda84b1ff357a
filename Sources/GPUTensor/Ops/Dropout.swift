import Kernels

/// out = x / (1 − p) with probability 1 − p, else 0. The mask is a function of the replay's key, the op's stream and
/// the element's index, so that the backward pass recomputes it.
///
/// - Source: Srivastava et al., Dropout (2014).
struct Dropout: Operation {
  let name = "dropout"
  /// p, at least 0 and below 1.
  let rate: Double
  /// A number that makes the mask differ from those of other dropouts in the same replay.
  let stream: Int

  private var threshold: UInt32 { UInt32(rate * 0x1p32) }
  private var scale: Double { 1 / (1 - rate) }

  func outputs(for inputs: [Tensor]) -> [TensorDescription] {
    precondition((0..<1).contains(rate), "dropout: \(rate)")
    return [TensorDescription(inputs[0].shape)]
  }

  func backward(_ pass: BackwardPass) {
    pass.contribute(to: 0, self, [pass.gradient()])
  }

  private func key(_ scalars: ReplayScalars) -> UInt32 {
    scalars.dropoutKey ^ ElementHash.scrambled(UInt32(truncatingIfNeeded: stream) &+ 0x9E37_79B9)
  }

  func enqueue(_ call: DeviceCall) throws(DeviceError) {
    let count = call.outputShapes[0].count(call.counts)
    try call.launchElements(
      "dropout_apply", "dropout.cl",
      [
        call.output(0), call.input(0), .ulong(count), .uint(key(call.scalars)), .uint(threshold), .float(Float(scale)),
      ], count: count)
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func evaluate<S: HostScalar>(_ call: HostCall<S>) {
    let (out, x, key) = (call.output(0), call.input(0), key(call.scalars))
    call.parallelElements(call.outputShapes[0].count(call.counts)) { range in
      for index in range {
        out[index] = ElementHash.bits(index, key: key) < threshold ? 0 : x[index] * S(scale)
      }
    }
  }
}

extension Tensor {
  /// The elements times 1 / (1 − rate), or 0 with probability `rate`.
  ///
  /// - Parameter stream: a number of this dropout's own among those of the graph.
  package func dropout(rate: Double, stream: Int) -> Tensor {
    graph.record(Dropout(rate: rate, stream: stream), [self])[0]
  }
}

extension Dropout: Checked {
  package static let stem = "dropout"

  package static func cases(_ sizes: CheckSizes) -> [OperationCase] {
    sizes.lengths.flatMap { columns in
      [0.1, 0.5].map { rate in
        OperationCase("5x\(columns), p \(rate)", rows: 5) { recorder in
          recorder.set { $0.dropoutKey = 12345 }
          let x = recorder.parameter(recorder.graph.rows(columns))
          // Twice, so that gradients also accumulate.
          let out = x.dropout(rate: rate, stream: 1) + x.dropout(rate: rate, stream: 2)
          recorder.differentiate(out, by: [x])
        }
      }
    }
  }
}
