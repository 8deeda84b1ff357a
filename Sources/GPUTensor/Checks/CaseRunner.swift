import Kernels

/// Runs cases on executors and compares the results.
///
/// The bound is derived, not chosen: a kernel may err at most twice as much as plain fp32 loops, both measured against
/// the same loops in double, plus a floor for cases in which plain fp32 is exact by luck: 1e-5 of the output's largest
/// value, and at least 1e-6 for outputs that are zero only because terms of order 1 cancel.
package enum CaseRunner {
  package static let floor = 1e-5
  private static let smallestScale = 0.1

  /// The outcome of one case on one device.
  package struct Outcome: Sendable {
    /// The largest error of all outputs, relative to each output's largest value.
    package let maxError: Double
    package let bound: Double
    package let passed: Bool
    /// The failed output, its worst element, and the found and expected values; empty where the case passed.
    package let detail: String
  }

  /// The outputs of a case in an executor's own precision, as doubles.
  package static func outputs(
    _ operationCase: OperationCase, on executor: any Executor
  ) throws(DeviceError) -> [[Double]] {
    let prepared = try PreparedCase(operationCase, executor: executor)
    try prepared.run()
    var outputs: [[Double]] = []
    for tensor in prepared.recorder.outputs { outputs.append(try prepared.read(tensor)) }
    return outputs
  }

  /// Compares a device's outputs with the CPU loops' in fp32 and in double.
  package static func check(_ operationCase: OperationCase, on device: any Executor) throws(DeviceError) -> Outcome {
    let exact = try outputs(operationCase, on: CPUExecutor<Double>(operands: device.operands))
    let naive = try outputs(operationCase, on: CPUExecutor<Float>(operands: device.operands))
    return compare(try outputs(operationCase, on: device), exact: exact, naive: naive)
  }

  /// Compares found outputs with those of plain loops in double (`exact`) and fp32 (`naive`).
  static func compare(_ found: [[Double]], exact: [[Double]], naive: [[Double]]) -> Outcome {
    var worst = Outcome(maxError: 0, bound: 0, passed: true, detail: "")
    for (index, reference) in exact.enumerated() {
      let scale = max(reference.lazy.filter(\.isFinite).map(abs).max() ?? 0, smallestScale)
      let (naiveError, _) = largestError(naive[index], reference)
      let (error, place) = largestError(found[index], reference)
      let bound = 2 * naiveError + floor * scale
      let passed = error <= bound
      if !passed || error / scale > worst.maxError {
        let detail =
          passed ? "" : "output \(index), element \(place): \(found[index][place]), expected \(reference[place])"
        worst = Outcome(maxError: error / scale, bound: bound / scale, passed: passed, detail: detail)
        if !passed { return worst }
      }
    }
    return worst
  }

  /// True where two executions give the same bits.
  package static func isRepeatable(_ operationCase: OperationCase, on device: any Executor) throws(DeviceError) -> Bool
  {
    try outputs(operationCase, on: device).map { $0.map(\.bitPattern) }
      == outputs(operationCase, on: device).map { $0.map(\.bitPattern) }
  }

  private static func largestError(_ found: [Double], _ reference: [Double]) -> (error: Double, place: Int) {
    var worst = (error: 0.0, place: 0)
    for index in reference.indices {
      let same = found[index] == reference[index]
      let difference = abs(found[index] - reference[index])
      // NaN, or an infinity where none belongs, is an infinite error.
      let error = same ? 0 : difference.isFinite ? difference : .infinity
      if error > worst.error { worst = (error, index) }
    }
    return worst
  }
}

/// A case recorded, planned, allocated and filled with its values.
package struct PreparedCase {
  package let recorder: CaseRecorder
  package let plan: Plan
  package let executor: any Executor

  package init(_ operationCase: OperationCase, executor: any Executor) throws(DeviceError) {
    self.executor = executor
    recorder = CaseRecorder(operationCase)
    operationCase.record(recorder)
    plan = executor.plan(recorder.graph, outputs: recorder.outputs)
    try executor.prepare([plan])
    for (variable, values) in recorder.parameters where plan.slabs.contains(where: { $0 === variable.slab }) {
      try executor.write(.floats(values), to: variable, at: 0)
    }
    for (variable, bytes) in recorder.frozen {
      try bytes.withUnsafeBufferPointer { bytes throws(DeviceError) in
        try executor.write(stored: UnsafeRawBufferPointer(bytes), to: variable)
      }
    }
  }

  /// The way of the first product; nil where nothing is multiplied.
  package var way: String? {
    plan.matmulWays(rows: recorder.rows).first?.description
  }

  package func run() throws(DeviceError) {
    try executor.run(
      plan,
      ReplayArguments(
        rows: recorder.rows, targets: recorder.targets, scalars: recorder.scalars, inputs: recorder.inputs))
  }

  package func read(_ tensor: Tensor) throws(DeviceError) -> [Double] {
    if let exact = executor as? CPUExecutor<Double> { return exact.exactly(tensor, of: plan, counts: recorder.counts) }
    if case .variable(let variable) = recorder.graph.values[tensor.id].source {
      return try executor.read(variable).map(Double.init)
    }
    precondition(tensor.dtype == .float32, "only float32 values are compared: cast first")
    return try executor.read(tensor, of: plan, counts: recorder.counts).map(Double.init)
  }
}
