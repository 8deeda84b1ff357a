import GPUTensor

/// An optimiser with the constants of a round: the states that it keeps beside the parameters, and its update.
///
/// A step, its plans, the plan of a run's memory and the checkpoint go through `states`; none of them knows more.
package protocol Optimizer: Hashable, Sendable {
  /// The states, in the order in which an update has them; they stay the same for all rounds of a run.
  var states: [OptimizerState] { get }
  /// The norm that larger gradients are scaled down to; 0: no clipping.
  var maxGradNorm: Float { get }
  /// True where an element moves by its own gradient and states alone, so that a whole slab is updated at once. Such an
  /// optimiser keeps all its states of every parameter.
  var isElementwise: Bool { get }

  /// Records the update of a parameter in the graph of its tensors.
  func record(_ update: ParameterUpdate)
}

/// One of an optimiser's states: numbers beside the parameters, as many and in the same layout; zero when a round begins.
package struct OptimizerState: Sendable, Hashable {
  /// The parameters that a state is kept of.
  package enum Members: Sendable {
    case all
    /// The matrices of the blocks, or A and B of adapters: all but the tables, which have a row a token.
    case hiddenMatrices
    /// All parameters but the hidden matrices.
    case others
  }

  /// The name of its file in a checkpoint, such as `first_moments`.
  package let name: String
  /// The dtype of a matrix's state; vectors, which are few, keep float32.
  package let dtype: DType
  package let members: Members

  package init(_ name: String, dtype: DType = .float32, of members: Members = .all) {
    self.name = name
    self.dtype = dtype
    self.members = members
  }
}

/// The tensors that an update reads and writes: of a parameter, of a part of one, or of a slab of parameters.
package struct ParameterUpdate {
  package let parameter: Tensor
  /// The optimiser's states that are kept of the parameter, in the order of its list.
  package let states: [Tensor]
  package let gradient: Tensor
  /// The norm of all gradients before clipping, [1]. Where it is not finite, nothing is to move.
  package let norm: Tensor
  /// True where weight decay applies: to matrices alone.
  package let decays: Bool
  /// The learning rate that applies.
  package let rate: RateGroup
  /// True where the parameter is one of `OptimizerState.Members.hiddenMatrices`.
  package let isHiddenMatrix: Bool
}
