/// One value in which two resolved recipes differ.
package struct RecipeChange: Sendable, Equatable, CustomStringConvertible {
  /// The path that an override would name it with: `rounds.1.learning_rate`.
  package let key: String
  /// nil: it was not set.
  package let before: String?
  /// nil: it is not set any more.
  package let after: String?

  /// Whether it is this key, or stands within it.
  func isWithin(_ key: String) -> Bool { self.key == key || self.key.hasPrefix(key + ".") }

  /// `max_steps was 4, is 5`.
  package var description: String { "\(key) was \(before ?? "not set"), is \(after ?? "not set")" }
}

extension Recipe {
  /// What differs from an earlier resolved recipe, key by key in this recipe's order, keys that are gone last.
  ///
  /// - Parameter yaml: as ``yaml`` gives it, of any release.
  package func changes(since yaml: String) throws(RecipeError) -> [RecipeChange] {
    let before = try Self.values(in: yaml)
    let after = try Self.values(in: self.yaml)
    // A file that was edited by hand may name a value in two ways: the last counts.
    let (old, new) = (Dictionary(before) { $1 }, Dictionary(after) { $1 })
    return after.filter { old[$0.key] != $0.value }
      .map { RecipeChange(key: $0.key, before: old[$0.key], after: $0.value) }
      + before.filter { new[$0.key] == nil }.map { RecipeChange(key: $0.key, before: $0.value, after: nil) }
  }

  private static func values(in yaml: String) throws(RecipeError) -> [(key: String, value: String)] {
    try RecipeParsing.tree(of: yaml) { "recipe.yaml:\($0)" }.leaves(under: [])
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
