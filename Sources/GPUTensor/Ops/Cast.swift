import Kernels

/// float32 → bfloat16, rounded to nearest even; bfloat16 → float32, exact.
struct Cast: Operation {
  let name = "cast"
  let target: DType

  func outputs(for inputs: [Tensor]) -> [TensorDescription] {
    let pair = [inputs[0].dtype, target]
    precondition(pair == [.float32, .bfloat16] || pair == [.bfloat16, .float32], "cast: \(pair)")
    return [TensorDescription(inputs[0].shape, target)]
  }

  func enqueue(_ call: DeviceCall) throws(DeviceError) {
    let count = call.outputShapes[0].count(call.counts)
    try call.launchElements(
      target == .bfloat16 ? "cast_f32_to_bf16" : "cast_bf16_to_f32", "cast.cl",
      [call.output(0), call.input(0), .ulong(count)], count: count)
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func evaluate<S: HostScalar>(_ call: HostCall<S>) {
    let (out, x) = (call.output(0), call.input(0))
    let rounds = target == .bfloat16
    call.parallelElements(call.outputShapes[0].count(call.counts)) { range in
      for index in range { out[index] = rounds ? S(Self.rounded(Float(x[index]))) : x[index] }
    }
  }

  /// The bfloat16 nearest to a float, ties to even, as a float.
  static func rounded(_ value: Float) -> Float {
    guard value == value else { return value }
    let bits = value.bitPattern
    return Float(bitPattern: (bits &+ 0x7FFF &+ ((bits >> 16) & 1)) & 0xFFFF_0000)
  }
}

extension Tensor {
  /// The same values in another floating-point type.
  package func cast(to dtype: DType) -> Tensor { graph.record(Cast(target: dtype), [self])[0] }
}

extension Cast: Checked {
  package static let stem = "cast"

  package static func cases(_ sizes: CheckSizes) -> [OperationCase] {
    sizes.lengths.map { columns in
      OperationCase("5x\(columns)", rows: 5) { recorder in
        let x = recorder.parameter(recorder.graph.rows(columns), in: -1000...1000)
        recorder.compare(x.cast(to: .bfloat16).cast(to: .float32))
      }
    }
  }
}
