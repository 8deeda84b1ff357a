import Foundation
import GPUTensor
import Kernels

/// A model's parameters as variables, side by side in slabs; gradients and optimiser state take the same layout.
package struct LlamaWeights {
  /// A slab's variables, and whether weight decay applies to them: to matrices alone.
  package struct Group {
    package let slabs: [Slab]
    package let decays: Bool
  }

  package let configuration: LlamaConfiguration
  package let groups: [Group]
  package let variables: [String: Variable]

  /// - Parameters:
  ///   - kind: what the numbers are: weights, gradients, a moment.
  ///   - maxSlabBytes: no slab passes it, unless one parameter alone does; 0 gives each its own.
  package init(_ configuration: LlamaConfiguration, kind: String, maxSlabBytes: Int) {
    self.configuration = configuration
    var groups: [Group] = []
    var variables: [String: Variable] = [:]
    for decays in [true, false] {
      let members = configuration.parameters.filter { ($0.shape.count > 1) == decays }
      let layout = SlabLayout(elementCounts: members.map(\.elementCount), maxBytes: maxSlabBytes)
      let made = layout.makeVariables(
        names: members.map(\.name), shapes: members.map { Shape($0.shape) },
        kind: "\(kind), \(decays ? "matrices" : "vectors")")
      groups.append(Group(slabs: made.slabs, decays: decays))
      for variable in made.variables { variables[variable.name] = variable }
    }
    self.groups = groups
    self.variables = variables
  }

  /// All slabs, matrices first.
  package var slabs: [Slab] { groups.flatMap(\.slabs) }

  /// The slab size that suits an executor: one launch updates a slab, and each fits one allocation.
  package static func slabBytes(for executor: any Executor) -> Int {
    executor.isolatesTensors ? 0 : min(executor.largestBuffer, 1 << 30)
  }

  /// A variable by its Hugging Face key.
  package func variable(_ name: String) -> Variable {
    guard let variable = variables[name] else { preconditionFailure("no parameter \(name)") }
    return variable
  }

  // MARK: - Values

  /// Streams a model's weights to the device, piece by piece.
  package func load(from source: any ModelSource, into executor: any Executor) throws {
    for parameter in configuration.parameters {
      try source.forEachPiece(of: parameter) { floats, offset in
        try executor.write(floats, to: variable(parameter.name), at: offset)
      }
    }
  }

  /// Fresh weights: matrices normal with the configuration's standard deviation, norms 1, biases 0.
  package func initialize(seed: UInt64, into executor: any Executor) throws {
    for (index, parameter) in configuration.parameters.enumerated() {
      let values: [Float]
      if parameter.name.hasSuffix(".bias") {
        values = [Float](repeating: 0, count: parameter.elementCount)
      } else if parameter.shape.count == 1 {
        values = [Float](repeating: 1, count: parameter.elementCount)
      } else {
        values = Self.normal(parameter.elementCount, configuration.initializerRange, seed: seed &+ UInt64(index) << 32)
      }
      try executor.write(.floats(values), to: variable(parameter.name), at: 0)
    }
  }

  /// Normal numbers by the Box–Muller transform (1958).
  private static func normal(_ count: Int, _ deviation: Double, seed: UInt64) -> [Float] {
    var random = SplitMix64(seed: seed)
    var values: [Float] = []
    values.reserveCapacity(count + 1)
    while values.count < count {
      let radius = (-2 * log(1 - Double.random(in: 0..<1, using: &random))).squareRoot()
      let angle = Double.random(in: 0..<2 * .pi, using: &random)
      values.append(Float(deviation * radius * cos(angle)))
      values.append(Float(deviation * radius * sin(angle)))
    }
    return Array(values.prefix(count))
  }
}
