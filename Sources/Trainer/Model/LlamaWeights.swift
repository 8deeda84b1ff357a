import Foundation
import GPUTensor
import Kernels

/// A model's weights, on the device or in host memory.
package struct LlamaWeights {
  package let configuration: LlamaConfiguration
  /// The weights on the device.
  package let parameters: ParameterSet
  private let onHost: [String: [HostWeight]]

  /// - Parameters:
  ///   - types: dtypes of frozen weights by name (`BaseStorage.types`); the others are float32.
  ///   - offloads: true: the blocks' linear layers stay in host memory (`offload_base`).
  ///   - replaced: weights that are left out, since an adapter trains copies in their place.
  package init(
    _ configuration: LlamaConfiguration, types: [String: DType] = [:], offloads: Bool = false,
    replaced: [ParameterDescription] = [], limits: AllocationLimits
  ) {
    self.configuration = configuration
    let apart = Set(offloads ? configuration.linearModules.map { $0.name + ".weight" } : [])
    var onHost: [String: [HostWeight]] = [:]
    for parameter in configuration.parameters where apart.contains(parameter.name) {
      onHost[parameter.name] = parameter.pieces.map {
        HostWeight(name: $0.name, shape: Shape($0.shape), dtype: types[parameter.name] ?? .float32)
      }
    }
    self.onHost = onHost
    parameters = ParameterSet(
      configuration.parameters.filter { !apart.contains($0.name) && !replaced.contains($0) }, kind: "weights",
      types: types, tables: LlamaParameterName.tables, limits: limits)
  }

  package var slabs: [Slab] { parameters.slabs }

  /// Tensors of a weight in a graph, by its Hugging Face key: one, or its parts by rows.
  package func tensors(_ name: String, in graph: Graph) -> [Tensor] {
    onHost[name].map { $0.map(graph.uploaded) } ?? parameters.parts(name).map(graph.variable)
  }

  // MARK: - Values

  /// Streams a model's weights to the device, piece by piece.
  ///
  /// - Throws: `FileError`, also where a number is not finite; `DeviceError`.
  package func load(from source: any ModelSource, into executor: any Executor) throws {
    for parameter in configuration.parameters {
      guard let parts = onHost[parameter.name] else { continue }
      try loadOnHost(parts, parameter, from: source)
    }
    for parameter in parameters.parameters {
      let dtype = parameters.parts(parameter.name)[0].dtype
      if dtype.isBlocks, source.storedBlocks(parameter.name) == dtype {
        try source.withFiniteBlocks(of: parameter, as: dtype) {
          try parameters.write(stored: $0, to: parameter.name, on: executor)
        }
      } else if dtype.isBlocks {
        // Quantising needs the whole of a part at once.
        try parameters.write(try source.tensor(parameter.name), to: parameter.name, on: executor)
      } else {
        try source.forEachPiece(of: parameter) { floats, offset in
          try parameters.write(floats, to: parameter.name, at: offset, on: executor)
        }
      }
    }
  }

  private func loadOnHost(_ parts: [HostWeight], _ parameter: ParameterDescription, from source: any ModelSource) throws
  {
    let dtype = parts[0].dtype
    if dtype.isBlocks, source.storedBlocks(parameter.name) == dtype {
      try source.withFiniteBlocks(of: parameter, as: dtype) { bytes in
        for (part, own) in zip(parts, bytes.consecutive(parts.map { dtype.byteCount($0.shape.count) })) {
          part.load(stored: UnsafeRawBufferPointer(rebasing: own))
        }
      }
    } else {
      let values = try source.tensor(parameter.name)
      for (part, own) in zip(parts, values.consecutive(parts.map(\.shape.count))) { part.load(Array(own)) }
    }
  }

  /// Initialises the weights: matrices normal with the configuration's standard deviation, norms to multiply by 1,
  /// biases 0.
  package func initialize(seed: UInt64, into executor: any Executor) throws {
    for (index, parameter) in configuration.parameters.enumerated() {
      let values: [Float]
      if parameter.name.hasSuffix(".bias") {
        values = [Float](repeating: 0, count: parameter.elementCount)
      } else if parameter.shape.count == 1 {
        values = [Float](repeating: Float(1 - configuration.normWeightOffset), count: parameter.elementCount)
      } else {
        values = Self.normal(parameter.elementCount, configuration.initializerRange, seed: seed &+ UInt64(index) << 32)
      }
      try parameters.write(values, to: parameter.name, on: executor)
    }
  }

  /// Normal numbers by the Box–Muller transform (1958).
  static func normal(_ count: Int, _ deviation: Double, seed: UInt64) -> [Float] {
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
