import GPUTensor
import Kernels

/// The states of an optimiser on a device: each is a set of variables in the layout of the trained parameters.
package struct OptimizerStates {
  /// The sets by the names of their files, in the order of the optimiser's list; a state that no parameter has is left out.
  package let sets: [(name: String, set: ParameterSet)]
  private let trained: ParameterSet

  /// - Parameter takenAlone: true where each parameter is updated alone, instead of slab by slab.
  init(_ states: [OptimizerState], of trained: ParameterSet, takenAlone: Bool) {
    self.trained = trained
    sets = states.compactMap { state in
      let set = trained.sibling(
        kind: state.name.replacing("_", with: " "), dtype: state.dtype, takenAlone: takenAlone
      ) { parameter in
        switch state.members {
        case .all: true
        case .hiddenMatrices: trained.isHiddenMatrix(parameter)
        case .others: !trained.isHiddenMatrix(parameter)
        }
      }
      return set.parameters.isEmpty ? nil : (state.name, set)
    }
  }

  /// Bytes on a device of these traits; nil: the CPU fallback.
  package func byteCount(on traits: KernelTraits?) -> Int { sets.reduce(0) { $0 + $1.set.byteCount(on: traits) } }

  var slabs: [Slab] { sets.flatMap(\.set.slabs) }

  /// Records the update of a parameter, part by part.
  ///
  /// - Parameter gradients: of each part.
  func record(_ optimizer: any Optimizer, _ parameter: ParameterDescription, gradients: [Tensor], norm: Tensor) {
    let graph = norm.graph
    let kept = sets.map(\.set).filter { $0.contains(parameter.name) }.map { $0.parts(parameter.name) }
    for (index, part) in trained.parts(parameter.name).enumerated() {
      optimizer.record(
        ParameterUpdate(
          parameter: graph.variable(part), states: kept.map { graph.variable($0[index]) }, gradient: gradients[index],
          norm: norm, decays: parameter.shape.count > 1, rate: trained.rate(of: parameter.name),
          isHiddenMatrix: trained.isHiddenMatrix(parameter)))
    }
  }

  /// Records the update of all parameters: slab by slab where the optimiser is element-wise.
  ///
  /// - Parameter gradients: a set of the same layout.
  func record(_ optimizer: any Optimizer, gradients: ParameterSet, norm: Tensor) {
    let graph = norm.graph
    guard optimizer.isElementwise else {
      for parameter in trained.parameters {
        record(
          optimizer, parameter, gradients: gradients.parts(parameter.name).map(graph.variable), norm: norm)
      }
      return
    }
    for (index, group) in trained.groups.enumerated() {
      for (slot, slab) in group.slabs.enumerated() {
        func tensor(_ set: ParameterSet) -> Tensor { graph.variable(.whole(set.groups[index].slabs[slot])) }
        optimizer.record(
          ParameterUpdate(
            parameter: graph.variable(.whole(slab)), states: sets.map { tensor($0.set) }, gradient: tensor(gradients),
            norm: norm, decays: group.decays, rate: group.rate, isHiddenMatrix: false))
      }
    }
  }
}

extension ParameterSet {
  /// True for a matrix that maps features to features; false for a vector, and for a table of a row a token.
  fileprivate func isHiddenMatrix(_ parameter: ParameterDescription) -> Bool {
    parameter.shape.count == 2 && !tables.contains(parameter.name)
  }
}
