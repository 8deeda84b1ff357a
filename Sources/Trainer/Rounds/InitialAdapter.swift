import Foundation

extension LoRASettings {
  /// Checks adapters against the base that they are for, and opens the one that round 1 starts from.
  ///
  /// - Parameter url: the folder of `init_adapter`; nil: round 1 starts from a new adapter.
  func openInitial(
    _ url: URL?, base: RunInputs.Base, configuration: LlamaConfiguration
  ) throws -> PEFTAdapter? {
    guard case .source(let source) = base else {
      throw RoundError.unsuitable(
        key: "method.type", problem: "an adapter of random weights would be worth nothing without them",
        remedy: "name a pretrained model with base.model, or set method: {type: full}")
    }
    let targets: [LoRATarget]
    let saved: [ParameterDescription]
    let tokenRows: [TokenRows]
    do throws(LoRASettings.Unsuitable) {
      (targets, saved) = (try self.targets(in: configuration), try savedWeights(in: configuration))
      tokenRows = try self.tokenRows(in: configuration)
    } catch {
      throw RoundError.unsuitable(key: "method." + error.key, problem: error.problem, remedy: error.remedy)
    }
    guard let initial = try url.map({ try PEFTAdapter($0, for: configuration) }) else { return nil }
    try initial.check(base: source)
    guard initial.targets != targets || initial.saved != saved || initial.tokenRows != tokenRows else { return initial }
    throw RoundError.unsuitable(
      key: "method.init_adapter",
      problem: "\(initial.url.path) adapts \(Self.describe(initial.targets, initial.saved, initial.tokenRows)), the "
        + "recipe \(Self.describe(targets, saved, tokenRows))",
      remedy:
        "give the recipe the adapter's rank, alpha, target_modules, modules_to_save, trainable_token_indices and bias")
  }

  private static func describe(
    _ targets: [LoRATarget], _ saved: [ParameterDescription], _ tokenRows: [TokenRows]
  ) -> String {
    let ranks = Set(targets.map(\.rank)).sorted().map(String.init).joined(separator: ", ")
    let alphas = Set(targets.map(\.alpha)).sorted().map { SettingValue.number($0).yaml }.joined(separator: ", ")
    let dora = targets.first?.hasMagnitude == true ? " and magnitudes (DoRA)" : ""
    let own = saved.isEmpty ? "" : " and trains \(saved.map(\.name).joined(separator: ", "))"
    let rows = tokenRows.map { " and trains rows \($0.indices) of \($0.module)" }.joined()
    return "\(targets.count) layers with rank \(ranks) and alpha \(alphas)\(dora)\(own)\(rows)"
  }
}
