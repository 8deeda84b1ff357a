import Kernels

extension Benchmark {
  /// Replays the case once. Returns the device's time, and the host's, in milliseconds.
  func time(
    _ prepared: PreparedCase, in context: Context
  ) throws(DeviceError) -> (milliseconds: Double, elapsed: Double) {
    let start = ContinuousClock.now
    try prepared.run()
    let kernels = try context.takeProfile()
    let elapsed = (ContinuousClock.now - start) / .milliseconds(1)
    // CLBlast gives an event for its last kernel only: its time is the host's.
    if kernels.contains(where: { $0.kernel.hasPrefix("CLBlast") }) { return (elapsed, elapsed) }
    return (kernels.filter { isTimed($0.kernel) }.reduce(0) { $0 + $1.milliseconds }, elapsed)
  }

  private func isTimed(_ kernel: String) -> Bool {
    timedKernels.isEmpty || timedKernels.contains { kernel.contains($0) }
  }

  /// Compares the result of the last replay with the CPU: all values, or the sampled ones.
  func check(_ prepared: PreparedCase) throws(DeviceError) -> CaseRunner.Outcome {
    let operands = prepared.executor.operands
    guard let oracle = sampled else {
      var found: [[Double]] = []
      for tensor in prepared.recorder.outputs { found.append(try prepared.read(tensor)) }
      return CaseRunner.compare(
        found, exact: try CaseRunner.outputs(operation, on: CPUExecutor<Double>(operands: operands)),
        naive: try CaseRunner.outputs(operation, on: CPUExecutor<Float>(operands: operands)))
    }
    let places = oracle.places
    var found: [[Double]] = []
    for (index, tensor) in prepared.recorder.outputs.enumerated() where index < places.count && !places[index].isEmpty {
      let values = try prepared.executor.read(tensor, of: prepared.plan, counts: prepared.recorder.counts)
      found.append(places[index].map { Double(values[$0]) })
    }
    let parameters = prepared.recorder.parameters.map(\.values)
    func expected<S: HostScalar>(_ type: S.Type) -> [[Double]] {
      oracle.values(parameters, as: S.self, operands: operands).filter { !$0.isEmpty }.map { $0.map { Double($0) } }
    }
    return CaseRunner.compare(found, exact: expected(Double.self), naive: expected(Float.self))
  }
}
