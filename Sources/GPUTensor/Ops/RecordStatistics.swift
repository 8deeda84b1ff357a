import Kernels

/// Writes a step's slot of the statistics [slots, 4]: mean loss, gradient norm, 1 where either is not finite, 0.
///
/// - inputs: the sum of the token losses [1], the norm [1].
struct RecordStatistics: Operation {
  let name = "statistics"
  let slots: Int

  func outputs(for inputs: [Tensor]) -> [TensorDescription] { [TensorDescription(Shape([slots, 4]))] }

  func canAccumulate(output: Int) -> Bool { true }

  func enqueue(_ call: DeviceCall) throws(DeviceError) {
    try call.launch(
      "record_step", "statistics.cl",
      [
        call.output(0), call.input(0), call.input(1), .int(call.scalars.statisticsSlot),
        .float(call.scalars.lossScale),
      ], .groups(1, of: call.traits.workGroupSize))
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func evaluate<S: HostScalar>(_ call: HostCall<S>) {
    let slot = call.output(0) + call.scalars.statisticsSlot * 4
    let (loss, norm) = (call.input(0)[0] * S(call.scalars.lossScale), call.input(1)[0])
    slot[0] = loss
    slot[1] = norm
    slot[2] = loss.isFinite && norm.isFinite ? 0 : 1
    slot[3] = 0
  }
}

extension Graph {
  /// Records a step's mean loss and gradient norm in the statistics [slots, 4].
  package func recordStatistics(into statistics: Tensor, lossSum: Tensor, norm: Tensor) {
    record(
      RecordStatistics(slots: statistics.shape.dimensions[0]), [lossSum, norm], into: [statistics],
      modes: [.accumulate])
  }
}
