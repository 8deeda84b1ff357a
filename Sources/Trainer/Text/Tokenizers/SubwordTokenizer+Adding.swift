extension SubwordTokenizer {
  /// The tokenizer with control tokens of a chat template.
  ///
  /// A token that the vocabulary spells keeps its id and becomes a control token; the others get the next free ids, as
  /// transformers' `add_special_tokens` has it.
  /// - Parameters:
  ///   - contents: texts of the tokens.
  ///   - template: the chat template in Jinja.
  package func adding(_ contents: [String], chatTemplate template: String) -> SubwordTokenizer {
    var model = model
    let known = model.ids()
    for content in contents {
      if let place = model.added.firstIndex(where: { PieceKey($0.content) == PieceKey(content) }) {
        model.added[place].isSpecial = true
        continue
      }
      let next = model.added.map { Int($0.id) + 1 }.max() ?? 0
      let id = known[PieceKey(content)] ?? Int32(max(model.pieces.count, next))
      model.added.append(AddedToken(id: id, content: content, isSpecial: true))
    }
    let tokens = model.added.filter { token in contents.contains { PieceKey($0) == PieceKey(token.content) } }
    return SubwordTokenizer(
      model, special: special, chatTemplate: template,
      source: source.changed(TokenizerFileChange(tokens: tokens, chatTemplate: template, eos: nil)))
  }

  /// The tokenizer whose texts end in another token; its other ends still end a text.
  package func ending(in eos: Int32) -> SubwordTokenizer {
    var special = special
    special.eos = [eos] + special.eos.filter { $0 != eos }
    return SubwordTokenizer(
      model, special: special, chatTemplate: chatTemplate,
      source: source.changed(TokenizerFileChange(tokens: [], chatTemplate: nil, eos: piece(eos))))
  }
}
