extension ReportPage {
  /// Speed, memory and bytes over the bus.
  var speedSection: Section? {
    let steps = records.steps
    guard steps.count > 0 || !records.rounds.isEmpty else { return nil }
    let rows = steps.rounds.map { round -> [Markup] in
      let record = records.rounds.first { $0.round == round.number }
      let speeds = steps.tokensPerSecond[round.range].filter(\.isFinite).sorted()
      let median = speeds.isEmpty ? nil : speeds[speeds.count / 2]
      let count = max(round.range.count, 1)
      return [
        "\(round.number) \(round.name)", "\(median.map { Numeral.count(Int($0.rounded())) } ?? Numeral.none)",
        "\(record.map { Numeral.duration($0.seconds) } ?? Numeral.none)",
        "\(memory(record?.plannedBytes))", "\(memory(record?.peakBytes))",
        "\(Numeral.bytes(steps.bytesToDevice[round.range].reduce(0, +) / count))",
        "\(Numeral.bytes(steps.bytesFromDevice[round.range].reduce(0, +) / count))",
        bus(record?.transferOfEvaluation), bus(record?.transferOfSave),
      ]
    }
    let numbers = table(
      "By round; a step's bytes are means; arrows: ↑ to the device, ↓ from it",
      head: [
        "round", "tokens/s, median", "time", "planned memory", "peak memory", "↑ a step", "↓ a step", "evaluation",
        "save",
      ], rows: rows)
    return Section(
      id: "speed", title: "Speed and memory",
      content: [figure(figures.speed), rows.isEmpty ? nil : numbers].compactMap { $0 })
  }

  private func memory(_ bytes: Int?) -> String { Numeral.bytes(bytes == 0 ? nil : bytes) }

  private func bus(_ bytes: RoundFile.Transfer?) -> Markup {
    guard let bytes else { return "\(Numeral.none)" }
    return "↑ \(Numeral.bytes(bytes.bytesToDevice)) ↓ \(Numeral.bytes(bytes.bytesFromDevice))"
  }

  /// Table of the models: parent, hashes, steps, loss, time.
  var roundsSection: Section? {
    let all = [records.base].compactMap { $0 } + records.rounds
    guard !all.isEmpty else { return nil }
    let rows = all.map { round -> [Markup] in
      [
        "M\(round.round) \(round.name)", state(round),
        "\(round.parent ?? "from nothing")", hash(round.parentSha256), hash(round.sha256),
        round.round == 0 ? "\(Numeral.none)" : "\(round.steps)",
        "\(round.bestStep.map(String.init) ?? Numeral.none)", "\(Numeral.fixed(round.finalLoss))",
        round.round == 0 ? "\(Numeral.none)" : "\(Numeral.duration(round.seconds))",
        "\(round.leaks.map(String.init) ?? Numeral.none)",
        "<span class=\"long\">\(round.device)\(round.family.map { ", " + $0 } ?? "")</span>",
      ]
    }
    let ledger = table(
      "Hashes are the first digits of the SHA-256 of the weights; point at one for all",
      head: [
        "model", "state", "parent", "parent's hash", "hash", "steps", "best step", "final loss", "time", "leaks",
        "device",
      ], rows: rows, textColumns: [1, 2, 3, 4, 10], optionalColumns: [6, 9])
    return Section(id: "rounds", title: "Rounds", content: [ledger, differingSettings].compactMap { $0 })
  }

  private func state(_ round: RoundRecords) -> Markup {
    if round.isRefused { return "<b>refused</b>" }
    return round.stoppedEarly == true ? "stopped early" : round.round == 0 ? "base" : "kept"
  }

  private func hash(_ hash: String?) -> Markup {
    guard let hash else { return "\(Numeral.none)" }
    return "<code title=\"\(hash)\">\(hash.prefix(10))</code>"
  }

  /// Training keys that are not the same in all rounds.
  private var differingSettings: Markup? {
    let rounds = records.rounds.filter { !$0.settingTexts.isEmpty }
    guard rounds.count > 1 else { return nil }
    let values = rounds.map { round in Dictionary(round.settingTexts) { first, _ in first } }
    let rows = rounds[0].settingTexts.map(\.key).filter { key in values.contains { $0[key] != values[0][key] } }
      .map { key -> [Markup] in ["<code>\(key)</code>"] + values.map { "\($0[key] ?? Numeral.none)" } }
    guard !rows.isEmpty else { return nil }
    return table(
      "Settings that differ between the rounds", head: ["key"] + rounds.map { "\($0.round) \($0.name)" }, rows: rows)
  }

  /// Recipe with every default written out.
  var recipeSection: Section? {
    Section(
      id: "recipe", title: "Recipe",
      content: [
        """
        <details open=""><summary>recipe.yaml, every default written out</summary>
        <pre tabindex="0">\(records.recipe)</pre></details>
        """
      ])
  }
}
