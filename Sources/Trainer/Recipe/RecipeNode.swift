/// One value of a recipe and its place, so that every error can name the user's own line.
///
/// The file and the overrides become one tree of nodes before any is decoded, so the same rules check both.
struct RecipeNode: Sendable {
  /// One `key: value` of a mapping.
  struct Entry: Sendable {
    let key: String
    /// Place of the key; the value may stand lines below it.
    let place: String
    var value: RecipeNode
  }

  enum Content: Sendable {
    /// Text as written; `isPlain` is true without quotes: the text may then be a number, a truth value or null.
    case scalar(String, isPlain: Bool)
    case sequence([RecipeNode])
    case mapping([Entry])
  }

  var content: Content
  /// `recipe.yaml:12`, or `override 'seed=x'`.
  let place: String

  /// True where the value is YAML's null.
  var isNull: Bool {
    guard case .scalar(let text, isPlain: true) = content else { return false }
    return ["", "~", "null", "Null", "NULL"].contains(text)
  }

  /// The value as text; nil where it is no scalar, null, empty, or holds a NUL.
  var text: String? {
    guard case .scalar(let text, _) = content, !isNull, !text.isEmpty, !text.contains("\0") else { return nil }
    return text
  }

  /// The value as an error shows it, on one short line.
  var shown: String {
    switch content {
    case .scalar(let text, let isPlain):
      if isNull { return "null" }
      let line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
      let short = line.count > 60 ? line.prefix(60) + "…" : line[...]
      return isPlain ? String(short) : "\"\(short)\""
    case .sequence(let items): return "a list of \(items.count)"
    case .mapping(let entries): return "a mapping of \(entries.count) keys"
    }
  }
}
