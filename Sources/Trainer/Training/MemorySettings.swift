/// What a run gives up for memory.
package struct MemorySettings: Sendable, Equatable {
  /// What a step's backward pass makes again instead of keeping it (`recompute`): the same bits, more time.
  package var recompute = Llama.Recompute.elementwise
  /// Whether each parameter moves as soon as its gradient is there (`optimizer_in_bwd`): the same bits, but no gradients
  /// that add up over micro-batches and no clipping by the norm of all.
  package var optimizerInBackward = false
  /// Whether the linear layers of a frozen base stay in host memory, and are sent to the device block by block in each pass
  /// (`offload_base`): the same bits, and the bus is busy.
  package var offloadsBase = false

  package init(
    recompute: Llama.Recompute = .elementwise, optimizerInBackward: Bool = false, offloadsBase: Bool = false
  ) {
    self.recompute = recompute
    self.optimizerInBackward = optimizerInBackward
    self.offloadsBase = offloadsBase
  }
}
