import GPUTensor
import Kernels

/// A graph with the values of its variables and inputs, for any executor.
package final class TestGraph {
  package let graph: Graph
  private var variables: [(variable: Variable, values: [Float])] = []
  private var inputs: [(tensor: Tensor, data: HostData)] = []
  private var random: SeededGenerator

  package init(rowCapacity: Int = 1, seed: UInt64 = 5) {
    graph = Graph(rowCapacity: rowCapacity)
    random = SeededGenerator(seed: seed)
  }

  /// A variable with the given values.
  package func parameter(_ shape: Shape, _ values: [Float]) -> Tensor {
    precondition(values.count == shape.count, "\(values.count) values for \(shape)")
    let variable = Variable(name: "parameter \(variables.count)", shape: shape)
    variables.append((variable, values))
    return graph.variable(variable)
  }

  package func parameter(_ dimensions: Int..., values: [Float]) -> Tensor { parameter(Shape(dimensions), values) }

  /// A variable with seeded random values in −1 ... 1.
  package func parameter(_ dimensions: Int...) -> Tensor { parameter(Shape(dimensions)) }

  package func parameter(_ shape: Shape) -> Tensor {
    parameter(shape, (0..<shape.count).map { _ in Float.random(in: -1...1, using: &random) })
  }

  /// An integer input, sent before each replay.
  package func ints(_ shape: Shape, _ values: [Int]) -> Tensor {
    let tensor = graph.input("ints", shape, dtype: .int32)
    inputs.append((tensor, .ints(values.map(Int32.init))))
    return tensor
  }

  /// An integer input with one value for each row of the capacity.
  package func ints(_ values: [Int]) -> Tensor { ints(graph.rows(), values) }

  /// Plans the graph, allocates its memory and writes the variables.
  package func prepare(
    outputs: [Tensor], on executor: any Executor = CPUExecutor<Double>(), largestBuffer: Int? = nil
  ) throws(DeviceError) -> PreparedGraph {
    let plan = Plan(
      fusing: graph, outputs: outputs, traits: executor.traits, largestBuffer: largestBuffer ?? executor.largestBuffer)
    try executor.prepare([plan])
    for (variable, values) in variables where plan.slabs.contains(where: { $0 === variable.slab }) {
      try executor.write(.floats(values), to: variable, at: 0)
    }
    return PreparedGraph(executor: executor, plan: plan, inputs: inputs)
  }

  /// The outputs after one replay with all rows.
  package func run(
    _ outputs: Tensor..., on executor: any Executor = CPUExecutor<Double>(), scalars: ReplayScalars = ReplayScalars()
  ) throws(DeviceError) -> [[Double]] {
    let prepared = try prepare(outputs: outputs, on: executor)
    try prepared.run(scalars: scalars)
    var values: [[Double]] = []
    for output in outputs { values.append(try prepared.read(output)) }
    return values
  }
}

/// A graph that is planned and allocated.
package struct PreparedGraph {
  package let executor: any Executor
  package let plan: Plan
  let inputs: [(tensor: Tensor, data: HostData)]

  /// - Parameters:
  ///   - rows: rows of the replay; nil: the capacity.
  ///   - targets: rows with a target; nil: all.
  package func run(
    rows: Int? = nil, targets: Int? = nil, scalars: ReplayScalars = ReplayScalars(),
    inputs: [(tensor: Tensor, data: HostData)]? = nil
  ) throws(DeviceError) {
    try executor.run(
      plan,
      ReplayArguments(
        rows: rows ?? plan.graph.rowCapacity, targets: targets, scalars: scalars, inputs: inputs ?? self.inputs))
  }

  /// The elements of a value in the executor's own precision.
  package func read(_ tensor: Tensor, rows: Int? = nil, targets: Int? = nil) throws(DeviceError) -> [Double] {
    let rows = rows ?? plan.graph.rowCapacity
    let counts = RowCounts(rows: rows, targets: targets ?? rows)
    if let exact = executor as? CPUExecutor<Double> { return exact.exactly(tensor, of: plan, counts: counts) }
    if case .variable(let variable) = plan.graph.values[tensor.id].source {
      return try executor.read(variable).map(Double.init)
    }
    return try executor.read(tensor, of: plan, counts: counts).map(Double.init)
  }

  /// The derivative of a value [1] with respect to one element of a variable: a central difference of step 1e-5, in
  /// double.
  package func difference(of objective: Tensor, by tensor: Tensor, element: Int) throws(DeviceError) -> Double {
    guard let executor = executor as? CPUExecutor<Double>,
      case .variable(let variable) = plan.graph.values[tensor.id].source
    else { preconditionFailure("differences are taken in double, by a variable") }
    let (value, step) = (executor.element(element, of: variable), 1e-5)
    var sides: [Double] = []
    for change in [step, -step] {
      executor.setElement(element, of: variable, to: value + change)
      try run()
      sides.append(try read(objective)[0])
    }
    executor.setElement(element, of: variable, to: value)
    return (sides[0] - sides[1]) / (2 * step)
  }
}
