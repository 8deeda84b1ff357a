import Kernels

/// Compares recorded gradients with central differences in double.
package enum GradientCheck {
  /// The two gradients of one element of one parameter.
  package struct Finding: Sendable {
    package let parameter: String
    package let element: Int
    package let recorded: Double
    package let measured: Double

    /// The difference, relative to the larger of the two or to 1e-3.
    package var error: Double {
      abs(recorded - measured) / max(abs(recorded), abs(measured), 1e-3)
    }
  }

  /// Compares up to `count` elements of each parameter, spread evenly.
  package static func findings(_ operationCase: OperationCase, count: Int = 6) throws(DeviceError) -> [Finding] {
    let executor = CPUExecutor<Double>()
    let prepared = try PreparedCase(operationCase, executor: executor)
    guard let objective = prepared.recorder.objective else { return [] }
    try prepared.run()
    var findings: [Finding] = []
    let gradients = try prepared.recorder.differentiated.map { entry throws(DeviceError) in
      try prepared.read(entry.gradient)
    }
    for (index, entry) in prepared.recorder.differentiated.enumerated() {
      let total = entry.parameter.shape.count(prepared.recorder.counts)
      for slot in 0..<min(count, total) {
        let element = slot * total / min(count, total)
        let step = 1e-5
        let value = executor.element(element, of: entry.parameter)
        func objectiveValue(at value: Double) throws(DeviceError) -> Double {
          executor.setElement(element, of: entry.parameter, to: value)
          try prepared.run()
          return try prepared.read(objective)[0]
        }
        let difference = try objectiveValue(at: value + step) - objectiveValue(at: value - step)
        executor.setElement(element, of: entry.parameter, to: value)
        findings.append(
          Finding(
            parameter: entry.parameter.name, element: element, recorded: gradients[index][element],
            measured: difference / (2 * step)))
      }
    }
    return findings
  }
}
