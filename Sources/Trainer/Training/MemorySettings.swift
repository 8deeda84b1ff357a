/// Settings that save memory, and take time in turn.
package struct MemorySettings: Sendable, Equatable {
  /// The activations that a backward pass computes again instead of keeping them (`recompute`): the same bits, more time.
  package var recompute = Llama.Recompute.elementwise
  /// True where each parameter is updated as soon as its gradient is there (`optimizer_in_bwd`): the same bits, but no
  /// accumulation over micro-batches and no clipping by the global norm.
  package var optimizerInBackward = false
  /// True where the linear layers of a frozen base stay in host memory, and are sent to the device block by block in each
  /// pass (`offload_base`): the same bits, and the bus is busy.
  package var offloadsBase = false

  package init(
    recompute: Llama.Recompute = .elementwise, optimizerInBackward: Bool = false, offloadsBase: Bool = false
  ) {
    self.recompute = recompute
    self.optimizerInBackward = optimizerInBackward
    self.offloadsBase = offloadsBase
  }
}
