extension ResolvedRound {
  /// Held-out rows below which a mean loss says little.
  private static let fewHeldOut = 16
  /// Learning rates above which training by a method mostly diverges: of all weights, and of adapters.
  private static let highRates = (full: 1e-3, lora: 1e-2)
  /// Factor between sequence length and longest row beyond which unpacked sequences are mostly empty.
  private static let mostSpace = 4

  /// Findings on the round's held-out rows, and on settings that do not suit its length, its method or its rows.
  ///
  /// - Parameters:
  ///   - steps: optimiser steps of the round.
  ///   - heldOut: held-out rows of its dataset.
  ///   - longest: tokens of the longest row that the round reads; nil: not known.
  package func findings(steps: Int, method: TrainingMethod, heldOut: Int, longest: Int?) -> [Finding] {
    heldOutFindings(heldOut) + warmupFindings(steps) + rateFindings(method)
      + (longest.map(lengthFindings) ?? [])
  }

  private func heldOutFindings(_ rows: Int) -> [Finding] {
    guard rows > 0 else {
      return [
        Finding(
          .warning, .heldOut, round: name, dataset: name,
          "it has no held-out rows: nothing tells what it taught, or what later rounds cost",
          remedy: "set split: 0.95, or valid: FILE")
      ]
    }
    guard rows < Self.fewHeldOut else { return [] }
    return [
      Finding(
        .note, .heldOut, round: name, dataset: name, "it has \(rows) held-out rows, whose mean loss says little",
        remedy: "hold out \(Self.fewHeldOut) or more")
    ]
  }

  private func warmupFindings(_ steps: Int) -> [Finding] {
    let warmup = settings.warmupSteps(of: steps)
    guard warmup > steps else { return [] }
    return [
      Finding(
        .warning, .warmup, round: name,
        "its \(steps) steps end within a warm-up of \(warmup): the learning rate stays below its peak",
        remedy: "lower warmup_steps, or set warmup_ratio: 0.1")
    ]
  }

  private func rateFindings(_ method: TrainingMethod) -> [Finding] {
    let rate = SettingValue.number(settings.learningRate).yaml
    if settings.learningRate == 0 {
      return [
        Finding(.warning, .learningRate, round: name, "learning_rate is 0: nothing is learnt", remedy: "raise it")
      ]
    }
    let (name, most) = method == .full ? ("full", Self.highRates.full) : ("lora", Self.highRates.lora)
    guard settings.learningRate > most else { return [] }
    return [
      Finding(
        .note, .learningRate, round: self.name,
        "learning_rate \(rate) is far above what method.type \(name) usually bears, \(most) at most",
        remedy: "lower it unless it is meant so")
    ]
  }

  private func lengthFindings(_ longest: Int) -> [Finding] {
    guard !settings.packing, longest * Self.mostSpace < settings.sequenceLength else { return [] }
    return [
      Finding(
        .note, .sequenceLength, round: name,
        "sequence_length is \(settings.sequenceLength), its longest row has \(longest) tokens, and packing is off",
        remedy: "set packing: true, which fills a sequence with several rows")
    ]
  }
}
