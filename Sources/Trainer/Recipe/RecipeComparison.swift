/// One value in which two resolved recipes differ; a value is as YAML has it.
package struct RecipeChange: Encodable, Sendable, Equatable, CustomStringConvertible {
  /// The path that an override would name it with: `rounds.1.learning_rate`.
  package let key: String
  /// nil: it was not set.
  package let before: String?
  /// nil: it is not set any more.
  package let after: String?

  package init(key: String, before: String?, after: String?) {
    self.key = key
    self.before = before
    self.after = after
  }

  private enum CodingKeys: CodingKey {
    case key, before, after
  }

  /// Every key is there: what is not set is null.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(key, forKey: .key)
    try container.encode(before, forKey: .before)
    try container.encode(after, forKey: .after)
  }

  /// Whether it is this key, or stands within it.
  func isWithin(_ key: String) -> Bool { self.key == key || self.key.hasPrefix(key + ".") }

  /// `max_steps was 4, is 5`.
  package var description: String { "\(key) was \(before ?? "not set"), is \(after ?? "not set")" }
}

extension Recipe {
  /// What differs from an earlier resolved recipe, key by key in this recipe's order, keys that are gone last.
  ///
  /// - Parameter yaml: as ``yaml`` gives it, of any release: keys that came later have their defaults there.
  package func changes(since yaml: String) throws(RecipeError) -> [RecipeChange] {
    let tree = try RecipeParsing.tree(of: yaml) { "recipe.yaml:\($0)" }
    let before = try? RecipeDecoding(folder: outputDirectory).recipe(tree).yaml
    return try Self.changes(from: before ?? yaml, to: self.yaml)
  }

  /// What differs between two resolved recipes, in the later one's order, keys that are gone last.
  ///
  /// - Parameter files: what an error calls the two.
  package static func changes(
    from before: String, to after: String, files: (before: String, after: String) = ("recipe.yaml", "recipe.yaml")
  ) throws(RecipeError) -> [RecipeChange] {
    let before = try values(in: before, of: files.before)
    let after = try values(in: after, of: files.after)
    // A file that was edited by hand may name a value in two ways: the last counts.
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
  /// The values at the ends of the tree, by the path that an override would name them with; `[]` and `{}` are ends too.
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
