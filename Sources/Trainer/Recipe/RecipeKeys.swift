import Foundation

extension Recipe {
  /// The keys of the whole recipe, except `rounds`.
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
        "Precision of the operands of matrix products; sums, weights and moments stay fp32."),
    ] + OptimizerSettings.keys.map { $0.of(\Recipe.optimizer) } + MemorySettings.keys.map { $0.of(\Recipe.memory) } + [
      Key("evaluation", \.evaluation, EvaluationSettings.form, "Measurements after each round, beside the losses."),
      allowLeaks,
    ]

  /// `allow_leaks`, a list of rounds' names; the rounds are read before it.
  private static let allowLeaks = Key<Recipe>(
    "allow_leaks", type: "a list of rounds' names",
    "Rounds whose held-out rows may also be training rows; in other rounds such rows are refused as leaks."
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

  /// Advice for a recipe without rounds.
  static let roundsRemedy = "list at least one round, as in rounds: [{name: first, train: first/train.jsonl}]"

  /// The row of `rounds`, which is not in `keys`: its items have keys of their own.
  static let roundsRow = KeyRow(
    name: "rounds", type: "a list of mappings", meaning: "Rounds, in their order; at least one.", isRequired: true,
    defaultValue: nil, inner: [])

  /// A recipe before any key is read; values of required keys are placeholders.
  static let unread = Recipe(
    outputDirectory: URL(fileURLWithPath: "/"), seed: 0, device: nil, base: .preset(name: "", tokenizer: nil),
    method: .full, precision: .fp32, defaults: TrainingSettings(), rounds: [])
}
