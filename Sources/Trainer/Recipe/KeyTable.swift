/// The keys of one mapping of a recipe, as `accrete keys` prints them and docs/keys.md holds them.
package struct KeyTable: Sendable {
  /// The mapping: `run` (the top), `round`, `run or round`, or a key's name, as in `union.base_replay`.
  package let place: String
  /// One sentence for users.
  package let meaning: String
  package let rows: [KeyRow]

  /// Every key, in the order of the resolved recipe; a mapping's own keys follow those of the mapping around it.
  package static let all =
    tables(
      "run", "Keys of the whole recipe, at its top.",
      [KeyRow](Recipe.keys, defaults: Recipe.unread) + [Recipe.roundsRow])
    + tables(
      "run or round", "Training keys: at the top for all rounds, in a round for it alone.",
      [KeyRow](TrainingSettings.keys, defaults: TrainingSettings()))
    + tables(
      "round", "Keys of each round in `rounds`.",
      [KeyRow](ResolvedRound.keys, defaults: ResolvedRound(settings: TrainingSettings())), inner: "round.")

  /// - Parameter prefix: put before the names of the inner mappings.
  private static func tables(
    _ place: String, _ meaning: String, _ rows: [KeyRow], inner prefix: String = ""
  ) -> [KeyTable] {
    [KeyTable(place: place, meaning: meaning, rows: rows)]
      + rows.filter { !$0.inner.isEmpty }.flatMap { row in
        tables(prefix + row.name, row.meaning, row.inner, inner: "\(prefix)\(row.name).")
      }
  }

  /// The keys that hold a word in their place and name (`union.sampling`) or in their meaning, and those of which the word
  /// is another tool's name (`lr`); case does not count.
  package static func holding(_ word: String) -> [KeyTable] {
    let synonym = RecipeSynonym.named(word)?.targets ?? []
    let word = word.lowercased()
    return all.compactMap { table in
      let rows = table.rows.filter { row in
        "\(table.place).\(row.name)".contains(word) || row.meaning.lowercased().contains(word)
          || synonym.contains { $0.place.rawValue == table.place && $0.key == row.name }
      }
      return rows.isEmpty ? nil : KeyTable(place: table.place, meaning: table.meaning, rows: rows)
    }
  }

  /// Names that other tools have for a key of this mapping.
  package func synonyms(of row: KeyRow) -> [String] {
    RecipeSynonym.all.filter { $0.targets.contains { $0.place.rawValue == place && $0.key == row.name } }
      .flatMap(\.names).filter { $0 != row.name }
  }

  /// The key whose name is nearest to a word.
  package static func nearest(to word: String) -> String {
    EditDistance.nearest(to: word, among: all.flatMap { $0.rows.map(\.name) }) ?? ""
  }
}

extension KeyRow {
  /// The default as YAML; `required` where there is none, a dash where the key is not written or has keys of its own.
  package var shownDefault: String {
    if isRequired { return "required" }
    if case .mapping? = defaultValue { return "—" }
    return defaultValue?.yaml ?? "—"
  }
}
