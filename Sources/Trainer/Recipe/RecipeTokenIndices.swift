extension KeyForm<[String: [Int]]> {
  /// The form of `trainable_token_indices`: ids of the embedding, or ids by modules' names, as in PEFT's LoraConfig; null
  /// names none.
  static let tokenIndices: Self = {
    let words =
      "null, a list of token ids such as [259, 260], or lists by modules such as {embed_tokens: [259], "
      + "lm_head: [259]}"
    let lists = KeyForm.named(words, isEmptyAllowed: true, ids(words))
    return KeyForm(words: words) { reader, key, _ throws(RecipeError) in
      guard let node = reader.node(key), !node.isNull else { return [:] }
      if case .mapping = node.content { return try lists.read(reader, key, nil) }
      return [TokenRows.embedding: try ids(words).read(reader, key, nil)]
    } write: { lists in
      if lists.isEmpty { return .null }
      let written = lists.mapValues { SettingValue.list($0.map { .whole($0) }) }
      if lists.count == 1, let own = written[TokenRows.embedding] { return own }
      return .named(written)
    }
  }()

  /// A list of ids, at least one.
  private static func ids(_ words: String) -> KeyForm<[Int]> {
    KeyForm<[Int]>(words: words) { reader, key, _ throws(RecipeError) in
      guard let node = reader.node(key) else { return [] }
      guard case .sequence(let items) = node.content, !items.isEmpty else {
        throw reader.error(key, node, allowed: words)
      }
      var ids: [Int] = []
      for item in items {
        guard case .scalar(let text, isPlain: true) = item.content, let id = Int(text), id >= 0 else {
          throw reader.error(key, item, allowed: words)
        }
        ids.append(id)
      }
      return ids
    } write: {
      .list($0.map { .whole($0) })
    }
  }
}
