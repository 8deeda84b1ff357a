import GPUTensor
import Kernels

/// The cosines and sines of a model's positions on a device: a table [positions, D] for its layers, and another where
/// windowed layers turn by their own frequencies.
package struct RopeTables {
  private let full: Variable
  private let windowed: Variable
  private let configuration: LlamaConfiguration
  /// The longest sequence, in tokens.
  package let positions: Int

  /// Tables that are not yet on a device.
  package init(_ configuration: LlamaConfiguration, positions: Int) {
    self.configuration = configuration
    self.positions = positions
    let shape = Shape([positions, configuration.rotaryDim ?? configuration.headDim])
    full = Variable(name: "rope table", shape: shape)
    windowed = configuration.windowRope == nil ? full : Variable(name: "rope table of windows", shape: shape)
  }

  /// The table of layer `layer`.
  package func table(ofLayer layer: Int) -> Variable { configuration.windowedLayers.contains(layer) ? windowed : full }

  /// All memory of the tables.
  private var slabs: [Slab] { full === windowed ? [full.slab] : [full.slab, windowed.slab] }

  /// Allocates the tables and writes them.
  package func fill(on executor: any Executor) throws(DeviceError) {
    try executor.allocate(slabs)
    try fill(full, configuration.rope, on: executor)
    if let rope = configuration.windowRope { try fill(windowed, rope, on: executor) }
  }

  private func fill(
    _ table: Variable, _ rope: RotaryEmbedding, on executor: any Executor
  ) throws(DeviceError) {
    let frequencies = rope.frequencies(columns: table.shape.columns, positions: positions)
    let values = RoPETable.make(frequencies: frequencies, positions: positions, scale: rope.attentionFactor)
    try executor.write(.floats(values), to: table, at: 0)
  }
}
