import Kernels

/// Searches the parameters of one class of products: the families as they are, then the sizes of the fastest, one after
/// the other.
package struct MatmulTuner {
  /// The outcome of a trial.
  package enum Outcome: Sendable {
    case measured(MatmulTrial.Result)
    /// The candidate hung, crashed, did not compile, or gave a wrong result; the string is the reason.
    case failed(String)
  }

  /// The outcome of a search.
  package struct Finding: Sendable {
    /// The fastest parameters, confirmed by a second and longer trial; nil: none is clearly faster than the default.
    package var best: (parameters: MatmulParameters, result: MatmulTrial.Result)?
    package var failures: [(parameters: MatmulParameters, reason: String)] = []
    package var trials = 0
    /// Candidates for which no time was left.
    package var untried = 0
  }

  /// The least gain with which a candidate replaces the default: two timings of one kernel differ by as much.
  private static let leastGain = 1.03

  private let device: Device
  private let traits: KernelTraits
  /// The device's own family and sizes.
  private let standard: MatmulParameters
  /// Runs a trial; the second argument is true for the confirming trial, which takes longer.
  private let trial: (MatmulParameters, Bool) -> Outcome
  /// True where the time for the search is spent.
  private let isOver: () -> Bool

  /// - Parameters:
  ///   - traits: the device's traits, with the operands' type and the bf16 method.
  ///   - shape: the product that is timed.
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

  /// Tries the candidates until the time is spent.
  ///
  /// - Parameters:
  ///   - previous: the parameters that an earlier search found; they are tried first.
  ///   - avoided: parameters that failed before, which are not tried.
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
    // The best of many timings is partly luck: the candidate has to be as fast once more.
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
  /// One product for each class, of SmolLM2-135M's layers on 2,048 rows.
  package static let tuned: [MatmulShape] =
    layer(rows: 2048, n: 1536, k: 576)
    + [
      MatmulShape(2048, 192, 576), MatmulShape(2048, 192, 576, (false, false)),
      MatmulShape(192, 576, 2048, (true, false)),
    ]
}
