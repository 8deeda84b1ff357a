import GPUTensor
import Kernels

/// Parameters as variables, side by side in slabs; their gradients and optimiser state take the same layout.
package struct ParameterSet {
  /// A slab's variables, and whether weight decay applies to them: to matrices alone.
  package struct Group {
    package let slabs: [Slab]
    package let decays: Bool
  }

  /// In the order of their files.
  package let parameters: [ParameterDescription]
  package let groups: [Group]
  private let variables: [String: Variable]
  private let apart: Set<String>

  /// - Parameters:
  ///   - kind: what the numbers are: weights, gradients, a moment.
  ///   - types: dtypes by name, of parameters that are not float32; each has a slab of its own, and none is trained.
  ///   - dtype: of the other matrices; vectors, which are few, are float32.
  ///   - apart: names of parameters that have a slab of their own.
  ///   - maxSlabBytes: no slab passes it (in float32), unless one parameter alone does; 0 gives each its own.
  package init(
    _ parameters: [ParameterDescription], kind: String, types: [String: DType] = [:], dtype: DType = .float32,
    apart: Set<String> = [], maxSlabBytes: Int
  ) {
    self.parameters = parameters
    self.apart = apart
    var groups: [Group] = []
    var variables: [String: Variable] = [:]
    for parameter in parameters {
      guard let dtype = types[parameter.name] else { continue }
      let variable = Variable(name: parameter.name, shape: Shape(parameter.shape), dtype: dtype)
      groups.append(Group(slabs: [variable.slab], decays: false))
      variables[parameter.name] = variable
    }
    let alone = parameters.filter { apart.contains($0.name) }.map { [$0] }
    let together = [true, false].map { decays in
      parameters.filter { ($0.shape.count > 1) == decays && types[$0.name] == nil && !apart.contains($0.name) }
    }
    for members in together + alone {
      guard let first = members.first else { continue }
      let decays = first.shape.count > 1
      let layout = SlabLayout(elementCounts: members.map(\.elementCount), maxBytes: maxSlabBytes)
      let made = layout.makeVariables(
        names: members.map(\.name), shapes: members.map { Shape($0.shape) },
        kind: "\(kind), \(decays ? "matrices" : "vectors")", dtype: decays ? dtype : .float32)
      groups.append(Group(slabs: made.slabs, decays: decays))
      for variable in made.variables { variables[variable.name] = variable }
    }
    self.groups = groups
    self.variables = variables
  }

  /// All slabs.
  package var slabs: [Slab] { groups.flatMap(\.slabs) }

  package var byteCount: Int { slabs.reduce(0) { $0 + $1.byteCount } }

  /// Bytes on a device of these traits; nil: the CPU fallback.
  package func byteCount(on traits: KernelTraits?) -> Int { slabs.reduce(0) { $0 + $1.byteCount(on: traits) } }

  /// A variable by its parameter's name.
  package func variable(_ name: String) -> Variable {
    guard let variable = variables[name] else { preconditionFailure("no parameter \(name)") }
    return variable
  }

  /// The same parameters with memory of their own: gradients, moments, a copy.
  package func sibling(kind: String, dtype: DType = .float32, maxSlabBytes: Int) -> ParameterSet {
    ParameterSet(parameters, kind: kind, dtype: dtype, apart: apart, maxSlabBytes: maxSlabBytes)
  }

  /// Copies all values to a set of the same layout; nothing leaves the device.
  package func copy(to target: ParameterSet, on executor: any Executor) throws(OpenCLError) {
    for (source, destination) in zip(slabs, target.slabs) { try executor.copy(from: source, to: destination) }
  }

  /// The slab size that suits an executor: one launch updates a slab, and each fits one allocation.
  package static func slabBytes(for executor: any Executor) -> Int {
    executor.isolatesTensors ? 0 : min(executor.largestBuffer, 1 << 30)
  }
}
