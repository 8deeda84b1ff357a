import Kernels

/// A weight that stays in host memory, on the device for as long as its neighbours need it.
///
/// Within a stretch whose values are made again, it is sent again for the backward pass.
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
  /// The weight, sent to the device when the graph comes here.
  package func uploaded(_ weight: HostWeight) -> Tensor { record(Upload(weight: weight), [])[0] }
}
