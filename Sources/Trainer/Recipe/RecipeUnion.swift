import Foundation

extension UnionSettings {
  /// The form of `union`; keys that are not given keep their inherited values.
  static let form = KeyForm<UnionSettings>.mapping(keys, defaults: UnionSettings(), check: check)

  private static let keys: [Key<UnionSettings>] = [
    Key(
      "sampling", \.sampling, .word,
      "Rule by which datasets share the draws: equally, by their rows, by rows^(1/T), or by `weights`."
    ) { _, before, union in
      // Another kind of sampling drops the inherited settings of the old kind.
      if union.sampling != before.sampling { (union.temperature, union.weights) = (nil, nil) }
    },
    Key(
      "temperature", \.temperature, KeyForm.number("null, or a number of at least 1") { $0 >= 1 }.orNull,
      "T of `sampling: temperature`; 1 is proportional, and the larger T, the nearer to equal."),
    Key(
      "weights", \.weights,
      KeyForm<[String: Double]>.named(
        "a mapping of datasets' names to weights, as in {qa: 2}", isEmptyAllowed: false,
        .number("a weight above 0, to 1000000") { $0 > 0 && $0 <= 1e6 }
      ).orNull,
      "Weights of rounds by name, for `sampling: weights`; a round that is not named has weight 1."),
    Key(
      "replay_fraction", \.replayFraction,
      KeyForm.number("null, or a share from 0 to 1") { (0...1).contains($0) }.orNull,
      "Share of the draws that goes to all earlier datasets together; null leaves it to `sampling`."),
    Key(
      "examples", \.examples, KeyForm.count(1...TrainingSettings.countLimit).orNull,
      "Rows of the subset that a round draws from; null takes the whole union."),
    Key(
      "base_replay", \.baseReplay,
      KeyForm.mapping(
        BaseReplay.keys, defaults: BaseReplay(train: RowFiles(["/"]), fraction: 0)
      ).orNull,
      "Text of the base's own domain, of which every round reads some; null reads none."),
  ]

  /// Refuses a key of another kind of sampling, and the absence of the key that this kind needs.
  private static func check(_ reader: RecipeReader, _ union: UnionSettings) throws(RecipeError) {
    for (kind, key, isGiven) in [
      (Sampling.temperature, "temperature", union.temperature != nil), (.weights, "weights", union.weights != nil),
    ] where isGiven != (union.sampling == kind) {
      let name = reader.name(key)
      throw RecipeError(
        place: reader.node(key)?.place ?? reader.place(of: "sampling"),
        message: isGiven
          ? "\(name) is read by sampling: \(kind.rawValue) alone, and sampling is \(union.sampling.rawValue): remove it, "
            + "or set sampling: \(kind.rawValue)"
          : "\(name) is missing, which sampling: \(kind.rawValue) goes by: add it")
    }
  }
}

extension UnionSettings.BaseReplay {
  fileprivate static let keys: [Key<Self>] = [
    Key(
      "train", \.train, .rowFiles, required: "name a text of the base's own domain, as in train: base.txt",
      "Files of that text, named as those of a round's `train`."),
    Key(
      "fraction", \.fraction, .number("a share above 0 and below 1") { $0 > 0 && $0 < 1 },
      required: "give the share of each round's rows, as in fraction: 0.05",
      "Share of each round's draws that goes to that text."),
  ]
}

extension Recipe {
  /// Refuses a weight for a name that is no round.
  func checkWeights(at reader: RecipeReader) throws(RecipeError) {
    let names = rounds.map(\.name)
    for round in rounds {
      guard let stranger = round.settings.union.weights?.keys.sorted().first(where: { !names.contains($0) }) else {
        continue
      }
      throw RecipeError(
        place: reader.place(of: "union"),
        message: "union.weights names '\(stranger)', which is no round: the nearest round is "
          + "'\(EditDistance.nearest(to: stranger, among: names) ?? "")'")
    }
  }
}
