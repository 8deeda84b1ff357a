import Kernels

/// One op: its shape rule, its backward rule, its OpenCL launch and its plain CPU loop, all in one file under Ops/.
package protocol Operation: Sendable {
  /// The stem of the op's files and names.
  var name: String { get }

  /// Shapes and dtypes of the outputs; inputs that do not fit are our own mistake, and stop the program.
  func outputs(for inputs: [Tensor]) -> [TensorDescription]

  /// Adds the nodes that carry the gradients of the outputs to those inputs that need them.
  func backward(_ pass: BackwardPass)

  /// True where the op can add to an output instead of overwriting it.
  func canAccumulate(output: Int) -> Bool

  /// The op with its choices made, such as the kernel of a product: they hold for every replay of a plan on a device of
  /// these traits.
  func planned(_ shapes: NodeShapes, traits: KernelTraits) -> Self

  /// Bytes of memory that the op needs while it is executed, on a device of these traits (nil: the CPU fallback).
  func scratchBytes(_ call: NodeShapes, traits: KernelTraits?) -> Int

  /// A node that does the work of `own`, this op's node, and of the next node; nil: there is none.
  func merged(_ own: Graph.Node, with next: Graph.Node) -> Graph.Node?

  /// Enqueues the op's kernels.
  func enqueue(_ call: DeviceCall) throws(DeviceError)

  /// Computes the op with plain loops, in the precision of `S`.
  func evaluate<S: HostScalar>(_ call: HostCall<S>)
}

extension Operation {
  package func backward(_ pass: BackwardPass) {
    preconditionFailure("\(name) has no gradient")
  }

  package func canAccumulate(output: Int) -> Bool { false }

  package func planned(_ shapes: NodeShapes, traits: KernelTraits) -> Self { self }

  package func scratchBytes(_ call: NodeShapes, traits: KernelTraits?) -> Int { 0 }

  package func merged(_ own: Graph.Node, with next: Graph.Node) -> Graph.Node? { nil }
}

/// The shapes of a node at capacity, as the memory plan sees them.
package struct NodeShapes {
  package let inputs: [Shape]
  package let outputs: [Shape]
}
