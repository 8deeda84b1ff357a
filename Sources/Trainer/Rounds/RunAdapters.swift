import Foundation
import GPUTensor
import Kernels

/// The adapters of a run: the one that is trained, those that earlier rounds left, and how a round's becomes a part of
/// what the next starts from.
///
/// On the disk each round's adapter stands for all rounds up to it, relative to M0: merged or stacked, the sum of i
/// adapters of rank r is one of rank i·r. So every round's folder is a whole adapter of the base that the recipe names.
/// DoRA's magnitudes belong to that sum: what is folded is the direction, m · (W + s·B·A) / ‖W + s·B·A‖ without m and the
/// norm, and the magnitudes are trained on.
struct RunAdapters {
  private let settings: LoRASettings
  /// What a round trains.
  let trained: LoRAAdapter
  /// For `stack`: the earlier rounds' adapters, side by side; zeros where a round is to come.
  let stacked: LoRAAdapter?
  /// For `merge`: adds the trained adapter to the weights.
  private let merge: Plan?
  /// Sets the trained adapter's magnitudes to the norms that the weights have; nil where it has none.
  private let magnitudes: Plan?
  /// What round 1's adapter starts from (`init_adapter`); nil: a new one.
  private let initial: PEFTAdapter?
  private let executor: any Executor
  private let base: String

  /// - Parameter base: M0's path.
  init(_ method: RunInputs.Adapters, rounds: Int, base: String, weights: LlamaWeights, executor: any Executor) {
    settings = method.settings
    initial = method.initial
    self.base = base
    self.executor = executor
    let limits = AllocationLimits(of: executor)
    let targets = method.targets
    trained = LoRAAdapter(
      targets, saved: method.saved, dropout: settings.dropout, kind: "adapter", limits: limits)
    let places = method.targets.map {
      $0.withRank(
        (rounds - 1) * $0.rank, usesRankStabilization: method.settings.usesRankStabilization, hasMagnitude: false)
    }
    stacked =
      settings.betweenRounds == .stack && rounds > 1
      ? LoRAAdapter(places, kind: "adapters of earlier rounds", limits: limits) : nil
    magnitudes = trained.magnitudePlan(of: weights, executor: executor)
    merge = settings.betweenRounds == .merge ? trained.mergePlan(into: weights.parameters, executor: executor) : nil
  }

  /// To be prepared together with the other plans of a run.
  var plans: [Plan] { [merge, magnitudes].compactMap { $0 } }

  /// Gives the weights that are trained themselves the base's values.
  func loadSaved(from source: any ModelSource) throws {
    try trained.loadSaved(source.tensor, on: executor)
  }

  /// Makes the adapter that a round trains: a new one, with the magnitudes there are, or the one before under `continue`.
  ///
  /// - Parameter round: from 1.
  func begin(round: Int, seed: UInt64) throws {
    if round == 1, let initial { return try load(initial) }
    guard round == 1 || settings.betweenRounds != .continue else { return }
    try trained.initialize(seed: KeyedRandom(seed, UInt64(round), 0x4C6F_5241).bits(0), on: executor)
    if round == 1, let magnitudes { try executor.run(magnitudes, ReplayArguments(rows: 1)) }
  }

  private func load(_ adapter: PEFTAdapter) throws {
    try trained.load(try adapter.matrices(), on: executor)
    try trained.loadSaved(adapter.savedValues, on: executor)
  }

  /// Makes the adapter of a finished round a part of what the next starts from, and leaves one that changes nothing.
  /// Magnitudes, and weights that are trained themselves, are trained on.
  func fold(round: Int) throws(DeviceError) {
    switch settings.betweenRounds {
    case .continue: return
    case .merge: if let merge { try executor.run(merge, ReplayArguments(rows: 1)) }
    case .stack:
      try stacked?.place(try trained.matrices(on: executor), of: trained, number: round - 1, on: executor)
    }
    try trained.clear(on: executor)
  }

  /// Whether folding is to leave the model as it is, but for rounding.
  var folds: Bool { settings.betweenRounds != .continue }

  /// The first trained module of which a number is not finite; nil: there is none.
  func firstNotFinite() throws(DeviceError) -> String? {
    for (module, pair) in try trained.matrices(on: executor).sorted(by: { $0.key < $1.key }) {
      if !(pair.a + pair.b + (pair.magnitude ?? [])).allSatisfy(\.isFinite) { return module }
    }
    return try trained.savedValues(on: executor).first { !$0.values.allSatisfy(\.isFinite) }?.weight.name
  }

  // MARK: - On the disk

  /// Writes the adapter after a round, with those of the rounds before.
  ///
  /// - Parameters:
  ///   - previous: the folder of the round before; nil for the first.
  ///   - baseSha256: of M0's weights.
  func save(after previous: URL?, baseSha256: String?, configuration: LlamaConfiguration, to folder: URL) throws {
    var matrices = try trained.matrices(on: executor)
    var targets = trained.targets
    if folds, let previous {
      let before = try PEFTAdapter(previous, for: configuration)
      for (index, old) in before.targets.enumerated() {
        let new = targets[index]
        guard let pair = matrices[new.module] else { preconditionFailure("no matrices of \(new.module)") }
        matrices[new.module] = new.joined(
          try before.matrices(of: old), ofRank: old.rank, pair, ofRank: trained.targets[index].rank)
        targets[index] = new.withRank(
          old.rank + new.rank, usesRankStabilization: settings.usesRankStabilization, hasMagnitude: new.hasMagnitude)
      }
    }
    try PEFTAdapterWriter.write(
      targets, matrices, saved: try savedOnDisk(configuration), usesRankStabilization: settings.usesRankStabilization,
      base: base, baseSha256: baseSha256, to: folder)
  }

  /// The weights that are trained themselves, as PEFT keeps them: what is tied to the embedding stands there too.
  private func savedOnDisk(_ configuration: LlamaConfiguration) throws(DeviceError) -> [SavedWeight] {
    try trained.savedValues(on: executor).flatMap { weight, values in
      configuration.modules(of: weight).map { SavedWeight(module: $0, shape: weight.shape, values: values) }
    }
  }

  /// Brings M0 on the device to the model of a finished round, by the steps that made it: the bits are the same.
  ///
  /// - Parameters:
  ///   - folder: of that round.
  ///   - round: its number.
  ///   - foldsLast: whether the next round has begun.
  func restore(_ folder: URL, round: Int, configuration: LlamaConfiguration, foldsLast: Bool) throws {
    let saved = try PEFTAdapter(folder, for: configuration)
    guard folds else { return try load(saved) }
    let all = try saved.matrices()
    for number in 1...round {
      var matrices: LoRAMatrices = [:]
      for (index, target) in trained.targets.enumerated() {
        guard let joined = all[target.module] else { preconditionFailure("no matrices of \(target.module)") }
        let ranks = (number - 1) * target.rank..<number * target.rank
        matrices[target.module] = target.part(joined, ofRank: saved.targets[index].rank, at: ranks)
      }
      try trained.load(matrices, on: executor)
      if number < round || foldsLast { try fold(round: number) }
    }
    try trained.loadSaved(saved.savedValues, on: executor)
  }
}

extension RunInputs {
  /// What `method: {type: lora}` asks for, checked against the base.
  package struct Adapters: Sendable {
    let settings: LoRASettings
    let targets: [LoRATarget]
    let saved: [ParameterDescription]
    let initial: PEFTAdapter?

    init(
      _ settings: LoRASettings, initial url: URL?, base: Base, configuration: LlamaConfiguration
    ) throws {
      self.settings = settings
      guard case .source(let source) = base else {
        throw RoundError.unsuitable(
          key: "method.type", problem: "an adapter of random weights would be worth nothing without them",
          remedy: "name a pretrained model with base.model, or set method: {type: full}")
      }
      do throws(LoRASettings.Unsuitable) {
        targets = try settings.targets(in: configuration)
        saved = try settings.savedWeights(in: configuration)
      } catch {
        throw RoundError.unsuitable(key: "method." + error.key, problem: error.problem, remedy: error.remedy)
      }
      initial = try url.map { try PEFTAdapter($0, for: configuration) }
      guard let initial else { return }
      try initial.check(base: source)
      guard initial.targets != targets || initial.saved != saved else { return }
      throw RoundError.unsuitable(
        key: "method.init_adapter",
        problem: "\(initial.url.path) adapts \(Self.describe(initial.targets, initial.saved)), the recipe "
          + Self.describe(targets, saved),
        remedy: "give the recipe the adapter's rank, alpha, target_modules and modules_to_save")
    }

    private static func describe(_ targets: [LoRATarget], _ saved: [ParameterDescription]) -> String {
      let ranks = Set(targets.map(\.rank)).sorted().map(String.init).joined(separator: ", ")
      let alphas = Set(targets.map(\.alpha)).sorted().map { SettingValue.number($0).yaml }.joined(separator: ", ")
      let dora = targets.first?.hasMagnitude == true ? " and magnitudes (DoRA)" : ""
      let own = saved.isEmpty ? "" : " and trains \(saved.map(\.name).joined(separator: ", "))"
      return "\(targets.count) layers with rank \(ranks) and alpha \(alphas)\(dora)\(own)"
    }
  }
}
