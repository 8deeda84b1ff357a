import GPUTensor
import Kernels

/// The adapters of a run on the device: the one that a round trains, those that earlier rounds left, and the plans that
/// make a finished round's adapter a part of the model that the next round starts from.
///
/// DoRA's magnitudes belong to the sum of all adapters: only the direction m · (W + s·B·A) / ‖W + s·B·A‖ without m and the
/// norm is folded, and the magnitudes are trained on.
struct RunAdapters {
  let settings: LoRASettings
  /// The adapter that a round trains.
  let trained: LoRAAdapter
  /// The earlier rounds' adapters, side by side, under `stack`: zeros where a round is to come.
  let stacked: LoRAAdapter?
  /// Adds the trained adapter to the weights, under `merge`.
  private let merge: Plan?
  /// Sets the trained adapter's magnitudes to the norms that the weights have; nil where it has none.
  private let magnitudes: Plan?
  let executor: any Executor

  /// - Throws: `LoRASettings.Unsuitable` where the settings do not suit the model.
  init(
    _ settings: LoRASettings, rounds: Int, weights: LlamaWeights, executor: any Executor
  ) throws(LoRASettings.Unsuitable) {
    self.settings = settings
    self.executor = executor
    let limits = AllocationLimits(of: executor)
    let targets = try settings.targets(in: weights.configuration)
    trained = LoRAAdapter(
      targets, saved: try settings.savedWeights(in: weights.configuration),
      tokenRows: try settings.tokenRows(in: weights.configuration), dropout: settings.dropout,
      ratesApart: settings.learningRateRatio != nil, kind: "adapter", limits: limits)
    let places = targets.map {
      $0.withRank(
        (rounds - 1) * $0.rank, usesRankStabilization: settings.usesRankStabilization, hasMagnitude: false)
    }
    stacked =
      settings.betweenRounds == .stack && rounds > 1
      ? LoRAAdapter(places, kind: "adapters of earlier rounds", limits: limits) : nil
    if settings.betweenRounds == .merge,
      let divided = targets.first(where: {
        weights.parameters.contains($0.weight)
          && weights.parameters.parts($0.weight).count > max($0.parts.count, 1)
      })
    {
      throw LoRASettings.Unsuitable(
        key: "between_rounds", problem: "merge cannot add to \(divided.weight), which is divided on this device",
        remedy: "set between_rounds: stack, or continue")
    }
    magnitudes = trained.magnitudePlan(of: weights, executor: executor)
    merge = settings.betweenRounds == .merge ? trained.mergePlan(into: weights.parameters, executor: executor) : nil
  }

  /// The plans to prepare together with the other plans of a run.
  var plans: [Plan] { [merge, magnitudes].compactMap { $0 } }

  /// True where folding is to leave the model as it is, but for rounding.
  var folds: Bool { settings.betweenRounds != .continue }

  /// Loads the values that the base has for the weights which the adapter trains itself.
  func loadSaved(from source: any ModelSource) throws {
    try trained.loadSaved(source.tensor, on: executor)
    try trained.loadTokenRows(source.rows, on: executor)
  }

  /// Makes the adapter that a round trains: a new one, with the magnitudes there are, or the one before under `continue`.
  ///
  /// - Parameters:
  ///   - round: from 1.
  ///   - initial: the adapter that round 1 starts from (`init_adapter`); nil: a new one.
  func begin(round: Int, seed: UInt64, initial: PEFTAdapter?) throws {
    if round == 1, let initial { return try load(initial) }
    guard round == 1 || settings.betweenRounds != .continue else { return }
    try trained.initialize(seed: KeyedRandom(seed, UInt64(round), 0x4C6F_5241).bits(0), on: executor)
    if round == 1, let magnitudes { try executor.run(magnitudes, ReplayArguments(rows: 1)) }
  }

  /// Makes a saved adapter the one that is trained.
  func load(_ adapter: PEFTAdapter) throws {
    try trained.load(try adapter.matrices(), on: executor)
    try trained.loadSaved(adapter.savedValues, on: executor)
    try trained.loadTokenRows(adapter.values(of:), on: executor)
  }

  /// Makes the adapter of a finished round a part of the model that the next round starts from, and leaves one that changes
  /// nothing. Magnitudes, and weights that are trained themselves, are trained on.
  func fold(round: Int) throws(DeviceError) {
    switch settings.betweenRounds {
    case .continue: return
    case .merge: if let merge { try executor.run(merge, ReplayArguments(rows: 1)) }
    case .stack:
      try stacked?.place(try trained.matrices(on: executor), of: trained, number: round - 1, on: executor)
    }
    try trained.clear(on: executor)
  }

  /// The first trained module of which a number is not finite; nil where all are finite.
  func firstNotFinite() throws(DeviceError) -> String? {
    for (module, pair) in try trained.matrices(on: executor).sorted(by: { $0.key < $1.key }) {
      if !(pair.a + pair.b + (pair.magnitude ?? [])).allSatisfy(\.isFinite) { return module }
    }
    let others =
      try trained.savedValues(on: executor).map { ($0.weight.name, $0.values) }
      + trained.tokenRowValues(on: executor).map { ($0.rows.module, $0.values) }
    return others.first { !$0.1.allSatisfy(\.isFinite) }?.0
  }
}
