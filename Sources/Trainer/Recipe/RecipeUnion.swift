/// The `union` mapping among the training keys.
extension RecipeDecoding {
  /// Its keys, in the order in which the resolved recipe writes them.
  static let unionKeys = ["sampling", "temperature", "weights", "replay_fraction", "examples", "base_replay"]

  private typealias Sampling = UnionSettings.Sampling

  /// Reads `union` over the settings that are inherited: keys that are not given stay.
  static func union(
    _ node: RecipeNode, in parent: RecipeReader, into union: inout UnionSettings
  ) throws(RecipeError) {
    let reader = try parent.mapping(node, "union", known: unionKeys)
    if let sampling = try reader.word("sampling", as: Sampling.self) {
      // Another kind of sampling has no use for what belongs to the inherited one.
      if sampling != union.sampling { (union.temperature, union.weights) = (nil, nil) }
      union.sampling = sampling
    }
    if reader.node("temperature") != nil {
      union.temperature = try reader.optional("temperature") { reader throws(RecipeError) in
        try reader.number("temperature", allowed: "null, or a number of at least 1") { $0 >= 1 }
      }
    }
    if reader.node("weights") != nil { union.weights = try weights(reader) }
    if reader.node("replay_fraction") != nil {
      union.replayFraction = try reader.optional("replay_fraction") { reader throws(RecipeError) in
        try reader.number("replay_fraction", allowed: "null, or a share from 0 to 1") { (0...1).contains($0) }
      }
    }
    if reader.node("examples") != nil {
      union.examples = try reader.optional("examples") { reader throws(RecipeError) in
        try reader.integer("examples", in: 1...1_000_000_000)
      }
    }
    if reader.node("base_replay") != nil { union.baseReplay = try baseReplay(reader) }
    try check(union, at: reader)
  }

  private static func weights(_ reader: RecipeReader) throws(RecipeError) -> [String: Double]? {
    guard let node = reader.node("weights"), !node.isNull else { return nil }
    guard case .mapping(let entries) = node.content, !entries.isEmpty else {
      throw reader.error("weights", node, allowed: "a mapping of datasets' names to weights, as in {qa: 2}")
    }
    let names = entries.map(\.key)
    let weights = try reader.mapping(node, "weights", known: names)
    var result: [String: Double] = [:]
    for name in names {
      result[name] = try weights.number(name, allowed: "a weight above 0, to 1000000") { $0 > 0 && $0 <= 1e6 }
    }
    return result
  }

  private static func baseReplay(_ reader: RecipeReader) throws(RecipeError) -> UnionSettings.BaseReplay? {
    guard let node = reader.node("base_replay"), !node.isNull else { return nil }
    let mapping = try reader.mapping(node, "base_replay", known: ["train", "fraction"])
    guard let train = try mapping.path("train") else {
      throw mapping.missing("train", remedy: "name a text of the base's own domain, as in train: base.txt")
    }
    let allowed = "a share above 0 and below 1"
    guard let fraction = try mapping.number("fraction", allowed: allowed, where: { $0 > 0 && $0 < 1 }) else {
      throw mapping.missing("fraction", remedy: "give the share of each round's rows, as in fraction: 0.05")
    }
    return UnionSettings.BaseReplay(train: train, fraction: fraction)
  }

  /// A key that another kind of sampling would read is a mistake, not a wish.
  private static func check(_ union: UnionSettings, at reader: RecipeReader) throws(RecipeError) {
    for (kind, key, isGiven) in [
      (Sampling.temperature, "temperature", union.temperature != nil), (.weights, "weights", union.weights != nil),
    ] where isGiven != (union.sampling == kind) {
      let name = reader.name(key)
      throw RecipeError(
        place: reader.node(key)?.place ?? reader.node("sampling")?.place ?? reader.place,
        message: isGiven
          ? "\(name) is read by sampling: \(kind.rawValue) alone, and sampling is \(union.sampling.rawValue): remove it, "
            + "or set sampling: \(kind.rawValue)"
          : "\(name) is missing, which sampling: \(kind.rawValue) goes by: add it")
    }
  }

  /// Refuses a weight for a dataset that no round brings.
  static func checkWeights(of rounds: [ResolvedRound], at reader: RecipeReader) throws(RecipeError) {
    let names = rounds.map(\.name)
    for round in rounds {
      guard let stranger = round.settings.union.weights?.keys.sorted().first(where: { !names.contains($0) }) else {
        continue
      }
      throw RecipeError(
        place: reader.node("union")?.place ?? reader.place,
        message: "union.weights names '\(stranger)', which is no round: the nearest round is "
          + "'\(EditDistance.nearest(to: stranger, among: names) ?? "")'")
    }
  }
}

extension UnionSettings {
  /// The settings as YAML.
  var yaml: String {
    func number(_ value: Double?) -> String { value.map { RecipeYAML.number($0) } ?? "null" }
    let named = weights.map { weights in
      weights.sorted { $0.key < $1.key }.map { "\(RecipeYAML.text($0.key)): \(RecipeYAML.number($0.value))" }
    }
    let base = baseReplay.map {
      "{train: \(RecipeYAML.text($0.train.path)), fraction: \(RecipeYAML.number($0.fraction))}"
    }
    let values = [
      sampling.rawValue, number(temperature), named.map { "{\($0.joined(separator: ", "))}" } ?? "null",
      number(replayFraction), examples.map { String($0) } ?? "null", base ?? "null",
    ]
    return "{" + zip(RecipeDecoding.unionKeys, values).map { "\($0): \($1)" }.joined(separator: ", ") + "}"
  }
}
