import Foundation

extension Recipe {
  /// The keys of the whole recipe, but for its rounds.
  static let keys: [Key<Recipe>] =
    [
      Key(
        "output_dir", \.outputDirectory, .path, required: "name the run's folder, as in output_dir: runs/first",
        "Folder of the run."),
      Key(
        "seed", \.seed, KeyForm.count(0...Int.max).map({ UInt64($0) }, { Int(clamping: $0) }),
        "Seed of everything random: initial weights, order of rows, dropout."),
      Key(
        "device", \.device, KeyForm.text("auto, cpu, an index or part of a device's name").orAbsent,
        "Device of the run; `--device` wins over it, and it wins over `ACCRETE_DEVICE`."),
      Key("base", \.baseSettings, BaseSettings.form, required: BaseSettings.remedy, "Model that round 1 starts from."),
      Key(
        "method", \.methodSettings, MethodSettings.form, "Method of training: all weights, or adapters (LoRA, DoRA)."),
      Key(
        "precision", \.precision, .word,
        "Precision of what matrix products multiply; sums, weights and moments stay fp32."),
    ] + OptimizerSettings.keys.map { $0.of(\Recipe.optimizer) } + MemorySettings.keys.map { $0.of(\Recipe.memory) } + [
      Key("evaluation", \.evaluation, EvaluationSettings.form, "Measurements after each round, beside the losses."),
      allowLeaks,
    ]

  /// Names the recipe's rounds, which are read before it.
  private static let allowLeaks = Key<Recipe>(
    "allow_leaks", type: "a list of rounds' names",
    "Rounds whose held-out rows may stand among training rows; those of others are refused as leaks."
  ) { reader, recipe throws(RecipeError) in
    guard let node = reader.node("allow_leaks"), !node.isNull else { return }
    let names = recipe.rounds.map(\.name).joined(separator: ", ")
    guard case .sequence(let items) = node.content else {
      throw reader.error(
        "allow_leaks", node, allowed: "a list of rounds' names, as in allow_leaks: [\(names)]")
    }
    for (index, item) in items.enumerated() {
      guard case .scalar(let name, _) = item.content, recipe.rounds.contains(where: { $0.name == name }) else {
        throw reader.error("allow_leaks[\(index)]", item, allowed: "one of the rounds' names, \(names)")
      }
      recipe.allowLeaks.append(name)
    }
  } write: {
    .list($0.allowLeaks.map { .text($0) })
  }

  /// Advice where no round is listed.
  static let roundsRemedy = "list at least one round, as in rounds: [{name: first, train: first/train.jsonl}]"

  /// `rounds`, which is no key of the table: its items are mappings of their own.
  static let roundsRow = KeyRow(
    name: "rounds", type: "a list of mappings", meaning: "Rounds, in their order; at least one.", isRequired: true,
    defaultValue: nil, inner: [])

  /// A recipe of which no key is read yet; those that must be given have no value that means anything.
  static let unread = Recipe(
    outputDirectory: URL(fileURLWithPath: "/"), seed: 0, device: nil, base: .preset(name: "", tokenizer: nil),
    method: .full, precision: .fp32, defaults: TrainingSettings(), rounds: [])
}
