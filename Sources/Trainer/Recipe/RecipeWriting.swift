extension Recipe {
  /// Name of the resolved recipe's file in a run's folder.
  package static let resolvedName = "recipe.yaml"

  /// The resolved recipe as YAML: every default written out, every path absolute; reading it gives an equal recipe.
  ///
  /// A round lists the training keys in which it differs from the top.
  package var yaml: String {
    var lines = members.map { "\($0.key): \($0.value.yaml)" }
    lines.append("rounds:")
    for round in rounds {
      for (index, member) in members(of: round).enumerated() {
        lines.append((index == 0 ? "  - " : "    ") + "\(member.key): \(member.value.yaml)")
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// The keys of the whole recipe, and the training keys at its top.
  private var members: [SettingValue.Member] {
    let training = TrainingSettings.keys.filter { !edition.lacks($0.name, in: defaults) }
    return [SettingValue.Member](Self.keys, of: self) + [SettingValue.Member](training, of: defaults)
  }

  private func members(of round: ResolvedRound) -> [SettingValue.Member] {
    let own = TrainingSettings.keys.filter { $0.write(round.settings)?.yaml != $0.write(defaults)?.yaml }
    return [SettingValue.Member](ResolvedRound.keys, of: round) + [SettingValue.Member](own, of: round.settings)
  }
}

extension TrainingSettings {
  /// Every training key that is written, with its value in the resolved recipe.
  package var values: [String: SettingValue] {
    Dictionary([SettingValue.Member](Self.keys, of: self).map { ($0.key, $0.value) }) { $1 }
  }
}
