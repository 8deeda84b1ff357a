import Kernels

/// Searches the parameters of one class of products: the families as they are, then the sizes of the fastest, one after
/// the other.
package struct MatmulTuner {
  /// What came of a trial.
  package enum Outcome: Sendable {
    case measured(MatmulTrial.Result)
    /// It hung, crashed, was not compiled, or was wrong.
    case failed(String)
  }

  /// What a search found.
  package struct Finding: Sendable {
    /// The fastest, by a second and longer trial; nil: the default, or nothing that is clearly faster.
    package var best: (parameters: MatmulParameters, result: MatmulTrial.Result)?
    package var failures: [(parameters: MatmulParameters, reason: String)] = []
    package var trials = 0
    /// Candidates for which no time was left.
    package var untried = 0
  }

  /// A candidate must be this much faster than the default to take its place: what two runs of the same kernel differ by.
  private static let leastGain = 1.03

  private let device: Device
  private let traits: KernelTraits
  /// The device's own family and sizes.
  private let standard: MatmulParameters
  /// Runs a trial; the second argument: whether it is the last word, and should take longer.
  private let trial: (MatmulParameters, Bool) -> Outcome
  /// Whether the time is spent.
  private let isOver: () -> Bool

  /// - Parameters:
  ///   - traits: the device's own, with what is multiplied and how.
  ///   - shape: of the products that are timed.
  package init(
    device: Device, traits: KernelTraits, shape: MatmulShape,
    trial: @escaping (MatmulParameters, Bool) -> Outcome, isOver: @escaping () -> Bool
  ) {
    self.device = device
    self.traits = traits
    standard = MatmulChoice.parameters(nil, m: shape.m, n: shape.n, traits: traits)
    self.trial = trial
    self.isOver = isOver
  }

  /// - Parameters:
  ///   - previous: what an earlier search found, which has to hold again.
  ///   - avoided: what failed before.
  package func search(from previous: MatmulParameters? = nil, avoiding avoided: Set<MatmulParameters> = []) -> Finding {
    var finding = Finding()
    var seen = avoided.union([standard])
    var best = (parameters: standard, gain: 1.0)
    func consider(_ candidates: [MatmulParameters]) {
      for candidate in candidates where candidate.isValid(on: device) && seen.insert(candidate).inserted {
        if isOver() {
          finding.untried += 1
          continue
        }
        finding.trials += 1
        switch trial(candidate, false) {
        case .measured(let result): if result.gain > best.gain { best = (candidate, result.gain) }
        case .failed(let reason): finding.failures.append((candidate, reason))
        }
      }
    }
    // The CLBlast library multiplies floats alone.
    let families = MatmulFamily.allCases.filter {
      $0.suits(device) && ($0 != .clblast || traits.operands == .float32)
    }
    consider((previous.map { [$0] } ?? []) + families.map { MatmulParameters($0, tile: standard.tile) })
    switch best.parameters.family {
    case .panel:
      consider(varied(best.parameters, [1, 2, 8, 16], \.chunksPerUnit))
      consider(varied(best.parameters, [4, 8, 16, 24], \.chunkTiles))
      consider(varied(best.parameters, [192, 288, 384, 768], \.depthBlock))
    // A GPU's matrix units have sizes of their own.
    case .tile where traits.matrixUnit != nil: break
    case .tile: consider(Self.tiles.map { MatmulParameters(.tile, tile: $0) })
    case .clblast: break
    }
    guard best.parameters != standard else { return finding }
    // Of many candidates the luckiest leads: it has to be as fast once more.
    switch trial(best.parameters, true) {
    case .measured(let result): if result.gain >= Self.leastGain { finding.best = (best.parameters, result) }
    case .failed(let reason): finding.failures.append((best.parameters, reason))
    }
    return finding
  }

  private func varied(
    _ parameters: MatmulParameters, _ values: [Int], _ size: WritableKeyPath<MatmulParameters.Panel, Int>
  ) -> [MatmulParameters] {
    values.map { value in
      var varied = parameters
      varied.panel[keyPath: size] = value
      return varied
    }
  }

  /// Shapes of tiles from small, for devices of few registers and for narrow results, to large.
  private static let tiles = [
    MatmulParameters.Tile(32, 32, 16, items: 4, 4), MatmulParameters.Tile(32, 64, 16, items: 4, 4),
    MatmulParameters.Tile(64, 32, 16, items: 4, 4), MatmulParameters.Tile(64, 64, 16, items: 4, 4),
    MatmulParameters.Tile(64, 64, 32, items: 4, 4), MatmulParameters.Tile(64, 64, 16, items: 8, 4),
    MatmulParameters.Tile(64, 64, 16, items: 8, 8), MatmulParameters.Tile(128, 64, 16, items: 8, 4),
    MatmulParameters.Tile(64, 128, 16, items: 4, 8), MatmulParameters.Tile(128, 64, 16, items: 8, 8),
    MatmulParameters.Tile(64, 128, 16, items: 8, 8), MatmulParameters.Tile(128, 128, 8, items: 8, 8),
    MatmulParameters.Tile(128, 128, 16, items: 8, 8),
  ]
}

extension MatmulShape {
  /// What stands for each class: SmolLM2-135M's layers on 2,048 rows.
  package static let tuned: [MatmulShape] =
    layer(rows: 2048, n: 1536, k: 576)
    + [
      MatmulShape(2048, 192, 576), MatmulShape(2048, 192, 576, (false, false)),
      MatmulShape(192, 576, 2048, (true, false)),
    ]
}
