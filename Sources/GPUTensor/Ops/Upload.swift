import Kernels

/// A copy on the device of a weight that is kept in host memory; alive for as long as other nodes read it.
///
/// Within a recomputed region the backward pass sends it again.
struct Upload: Operation {
  let name = "upload"
  let weight: HostWeight

  func outputs(for inputs: [Tensor]) -> [TensorDescription] { [TensorDescription(weight.shape, weight.dtype)] }

  func enqueue(_ call: DeviceCall) throws(DeviceError) {
    try call.context.write(resident: weight.bytes, to: call.outputBuffer(0))
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func evaluate<S: HostScalar>(_ call: HostCall<S>) {
    let out = call.output(0)
    let values = weight.dtype.decoded(weight.bytes, count: weight.shape.count)
    call.parallelElements(values.count) { range in
      for index in range { out[index] = S(values[index]) }
    }
  }
}

extension Graph {
  /// The weight on the device, sent when the replay reaches this node.
  package func uploaded(_ weight: HostWeight) -> Tensor { record(Upload(weight: weight), [])[0] }
}
