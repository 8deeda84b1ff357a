/// A key whose value differs between two resolved recipes; values are YAML.
package struct RecipeChange: Encodable, Sendable, Equatable, CustomStringConvertible {
  /// Path of the key as in an override: `rounds.1.learning_rate`.
  package let key: String
  /// The earlier value; nil: the key was not set.
  package let before: String?
  /// The later value; nil: the key is no longer set.
  package let after: String?

  package init(key: String, before: String?, after: String?) {
    self.key = key
    self.before = before
    self.after = after
  }

  private enum CodingKeys: CodingKey {
    case key, before, after
  }

  /// Writes every key; a value that is not set is null.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(key, forKey: .key)
    try container.encode(before, forKey: .before)
    try container.encode(after, forKey: .after)
  }

  /// True where the change is of this key, or of a key inside it.
  func isWithin(_ key: String) -> Bool { self.key == key || self.key.hasPrefix(key + ".") }

  /// The change in words: `max_steps was 4, is 5`.
  package var description: String { "\(key) was \(before ?? "not set"), is \(after ?? "not set")" }
}

extension Recipe {
  /// Changes since an earlier resolved recipe, key by key in this recipe's order; keys that are gone come last.
  ///
  /// - Parameter yaml: the earlier recipe's ``yaml``, written by any release: keys that it lacks mean what they
  ///   meant then.
  package func changes(since yaml: String) throws(RecipeError) -> [RecipeChange] {
    let tree = try RecipeParsing.tree(of: yaml) { "recipe.yaml:\($0)" }
    let edition = RecipeEdition(ofResolved: tree)
    // Both are written with every key, whatever their editions leave out.
    var (before, after) = (try? RecipeDecoding(folder: outputDirectory, edition: edition).recipe(tree), self)
    before?.edition = .current
    after.edition = .current
    return try Self.changes(from: before?.yaml ?? yaml, to: after.yaml)
  }

  /// Changes between two resolved recipes, in the later one's order; keys that are gone come last.
  ///
  /// - Parameter files: names of the two recipes, for errors.
  package static func changes(
    from before: String, to after: String, files: (before: String, after: String) = ("recipe.yaml", "recipe.yaml")
  ) throws(RecipeError) -> [RecipeChange] {
    let before = try values(in: before, of: files.before)
    let after = try values(in: after, of: files.after)
    // A file edited by hand may set a value in two ways: the last one counts.
    let (old, new) = (Dictionary(before) { $1 }, Dictionary(after) { $1 })
    let gone = before.filter { new[$0.key] == nil }.map { RecipeChange(key: $0.key, before: $0.value, after: nil) }
    return after.compactMap { key, value in
      old[key] == value ? nil : RecipeChange(key: key, before: old[key], after: value)
    } + gone
  }

  private static func values(in yaml: String, of file: String) throws(RecipeError) -> [(key: String, value: String)] {
    try RecipeParsing.tree(of: yaml) { "\(file):\($0)" }.leaves(under: [])
  }
}

extension RecipeNode {
  /// Leaves of the tree, by their paths as in an override; `[]` and `{}` are leaves too.
  fileprivate func leaves(under path: [String]) -> [(key: String, value: String)] {
    let key = path.joined(separator: ".")
    switch content {
    case .scalar(let text, let isPlain): return [(key, isPlain ? text : "\"\(text)\"")]
    case .sequence(let items) where items.isEmpty: return [(key, "[]")]
    case .mapping(let entries) where entries.isEmpty: return [(key, "{}")]
    case .sequence(let items):
      return items.enumerated().flatMap { $1.leaves(under: path + [String($0)]) }
    case .mapping(let entries): return entries.flatMap { $0.value.leaves(under: path + [$0.key]) }
    }
  }
}
