/// Advice on keys and values of other tools, as errors of a recipe say it.
extension RecipeSynonym {
  /// The mapping of a reader's path, where keys of other tools are looked for; nil for mappings of the user's own names.
  private static func place(ofPath path: String) -> Place? {
    if path.isEmpty { return .run }
    let inRound = path.hasPrefix("rounds[")
    if inRound, !path.contains(".") { return .round }
    return Place(rawValue: path.split(separator: ".").last.map(String.init) ?? "").flatMap {
      [.base, .method, .evaluation, .union].contains($0) ? $0 : nil
    }
  }

  /// Advice on an unknown key, as the end of a sentence; nil where it is no key of another tool.
  ///
  /// - Parameter path: the mapping that holds the key.
  static func advice(on key: String, _ value: RecipeNode, at path: String) -> String? {
    guard let here = place(ofPath: path), let synonym = named(key) else { return nil }
    switch synonym.answer(value) {
    case .remove(let reason):
      return synonym.targets.isEmpty ? "it has no counterpart here: \(reason); remove it" : "\(reason): remove it"
    case .write(let settings): return "write " + lines(settings, from: here)
    case .name: return "here it is " + synonym.targets.map { described($0, from: here) }.joined(separator: ", and ")
    }
  }

  /// Advice on a value of another tool for one of our keys, as the end of a sentence; nil where there is none.
  static func advice(onValue value: RecipeNode, of key: String, at path: String) -> String? {
    guard let here = place(ofPath: path), let answer = answer(onValue: value, of: key, at: here) else { return nil }
    switch answer {
    case .write(let settings): return "write " + lines(settings, from: here)
    case .remove(let reason): return reason
    case .name: return nil
    }
  }

  // MARK: - Words

  /// Settings as they are to be written, seen from a mapping: `precision: bf16 and method: {type: lora}`.
  private static func lines(_ settings: [Setting], from here: Place) -> String {
    var places: [Place] = []
    for setting in settings where !places.contains(setting.target.place) { places.append(setting.target.place) }
    return places.map { place in
      var members = settings.filter { $0.target.place == place }.map { "\($0.target.key): \($0.value)" }
      let keys = settings.filter { $0.target.place == place }.map(\.target.key)
      if isHeld(place, by: here) { return members.joined(separator: ", ") }
      guard let name = place.mapping else { return words(before: place, from: here) + members.joined(separator: ", ") }
      // Keys of an adapter are read beside its type alone, and a base has a model.
      if place == .method, !keys.contains("type") { members.insert("type: lora", at: 0) }
      if place == .base, !keys.contains("model") { members.insert("…", at: 0) }
      return words(before: place, from: here) + "\(name): {\(members.joined(separator: ", "))}"
    }.joined(separator: " and ")
  }

  /// One of our keys with its values in words, seen from a mapping.
  private static func described(_ target: Target, from here: Place) -> String {
    let row = KeyTable.all.first { $0.place == target.place.rawValue }?.rows.first { $0.name == target.key }
    let isNear = isHeld(target.place, by: here)
    let name = isNear ? target.key : (target.place.mapping.map { $0 + "." } ?? "") + target.key
    return (isNear ? "" : words(before: target.place, from: here)) + name + (row.map { " (\($0.type))" } ?? "")
  }

  /// True where a key of a place can stand in a mapping itself.
  private static func isHeld(_ place: Place, by here: Place) -> Bool {
    place == here || (place == .training && (here == .run || here == .round))
  }

  /// The words before a key that stands in another mapping; empty where its mapping stands beside.
  private static func words(before place: Place, from here: Place) -> String {
    switch place {
    case .round, .columns: here == .round ? "" : "in a round: "
    case .run, .base, .method, .evaluation: here == .run ? "" : "at the top: "
    case .training, .union: here == .run || here == .round ? "" : "at the top: "
    }
  }
}

extension RecipeSynonym.Place {
  /// The key whose mapping the place is; nil for the top and a round.
  fileprivate var mapping: String? {
    switch self {
    case .run, .training, .round: nil
    case .columns: "columns"
    case .base, .method, .evaluation, .union: rawValue
    }
  }
}
