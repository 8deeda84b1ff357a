import Foundation

/// A base's tokenizer and configuration with the chat template that a recipe names, and the control tokens it needs.
struct ChosenTemplate {
  let tokenizer: any Tokenizer
  let configuration: LlamaConfiguration
  /// Ids of tokens that the model has not been trained with.
  let added: Range<Int>
  /// Remarks on what has changed, a line each.
  let notes: [String]

  /// - Parameter trainsRows: true: an adapter trains the rows of the new tokens.
  /// - Throws: `RoundError` for a base without a tokenizer, and for a template that cannot be read or rendered.
  init(
    _ choice: RecipeChatTemplate, tokenizer: (any Tokenizer)?, configuration: LlamaConfiguration,
    trainsRows: Bool
  ) throws(RoundError) {
    guard let old = tokenizer as? SubwordTokenizer ?? (tokenizer as? ByteTokenizer)?.bytePair else {
      throw Self.fault(
        "the base has no tokenizer to which a template could belong", "give the base a tokenizer, or remove the key")
    }
    let (source, contents) = try Self.read(choice)
    let first = old.vocabularySize
    var new = old.adding(contents, chatTemplate: source)
    guard first <= configuration.vocabSize else {
      throw Self.fault(
        "the tokenizer has \(first) tokens, the model \(configuration.vocabSize) rows",
        "use the tokenizer that belongs to the model")
    }
    if let stop = try Self.stop(choice, source, new), stop != new.special.eos.first { new = new.ending(in: stop) }
    added = first..<new.vocabularySize
    var grown = configuration
    grown.vocabSize = max(configuration.vocabSize, new.vocabularySize)
    grown.eosTokenIDs = new.special.eos.map(Int.init)
    self.tokenizer = new
    self.configuration = grown
    var notes: [String] = []
    if let own = old.chatTemplate, !own.utf8.elementsEqual(source.utf8) {
      notes.append("chat template: the recipe's \(choice.shown), in place of the base's own")
    }
    if !added.isEmpty {
      let names = added.map { new.piece(Int32($0)) }.joined(separator: ", ")
      let place =
        grown.vocabSize == configuration.vocabSize
        ? "in free rows of its \(configuration.vocabSize)"
        : "vocabulary \(configuration.vocabSize) → \(grown.vocabSize)"
      notes.append(
        "chat template: \(added.count) new tokens, \(names) (\(place)); their rows begin as the mean of the others"
          + (trainsRows ? ", and are trained beside the adapters (\(TokenRows.key))" : ""))
    }
    self.notes = notes
  }

  private static func fault(_ problem: String, _ remedy: String) -> RoundError {
    .unsuitable(key: "base.chat_template", problem: problem, remedy: remedy)
  }

  /// The template in Jinja, and the control tokens that it writes: of a file, the words that stand in `<|` and `|>`.
  private static func read(_ choice: RecipeChatTemplate) throws(RoundError) -> (source: String, tokens: [String]) {
    switch choice {
    case .builtin(let template): return (template.source, template.tokens)
    case .file(let url):
      let source: String
      do {
        source = String(decoding: try FileBytes.contents(of: url), as: UTF8.self)
      } catch {
        throw fault("\(url.path) cannot be read: \(error)", "give a file of Jinja, or one of the built-in names")
      }
      var tokens: [String] = []
      for match in source.matches(of: /<\|[^|<>\s"'{}]+\|>/) where !tokens.contains(String(match.output)) {
        tokens.append(String(match.output))
      }
      return (source, tokens)
    }
  }

  /// The token that ends an assistant's turn: of a file, the first control token after one; nil: none but the
  /// tokenizer's own.
  private static func stop(
    _ choice: RecipeChatTemplate, _ source: String, _ tokenizer: SubwordTokenizer
  ) throws(RoundError) -> Int32? {
    if case .builtin(let template) = choice { return template.stop.flatMap { tokenizer.encode($0).first } }
    let turns = [ChatMessage(role: "user", content: "Hi"), ChatMessage(role: "assistant", content: "Hello")]
    do {
      let text = try ChatTemplate(source).renderText(
        messages: turns, addGenerationPrompt: false, bos: tokenizer.special.bos.map { tokenizer.piece($0) } ?? "",
        eos: tokenizer.special.eos.first.map { tokenizer.piece($0) } ?? "", now: ConversationEncoder.trainingDate)
      guard let end = text.traces.last(where: { $0.turn == 1 })?.range.upperBound else { return nil }
      let tail = String(decoding: text.plain.utf8.dropFirst(end), as: UTF8.self)
      return tokenizer.encode(tail).first { tokenizer.isSpecial($0) }
    } catch {
      throw fault("\(choice.shown) does not write a question and its answer: \(error)", "mend the template")
    }
  }
}

extension Recipe {
  /// The tokenizer and the configuration of the base with the recipe's chat template; nil where it names none.
  func chosenTemplate(
    _ tokenizer: (any Tokenizer)?, _ configuration: LlamaConfiguration
  ) throws(RoundError) -> ChosenTemplate? {
    guard let chatTemplate else { return nil }
    let adapts = if case .lora = method { true } else { false }
    return try ChosenTemplate(
      chatTemplate, tokenizer: tokenizer, configuration: configuration, trainsRows: adapts)
  }

  /// The recipe whose adapter trains the rows of a template's new tokens (`trainable_token_indices`).
  func trainingRows(of chosen: ChosenTemplate) -> Recipe {
    guard case .lora(var settings, let initial) = method, !chosen.added.isEmpty else { return self }
    for module in chosen.configuration.tieWordEmbeddings ? ["embed_tokens"] : ["embed_tokens", "lm_head"] {
      let given = settings.tokenIndices[module] ?? []
      settings.tokenIndices[module] = given + chosen.added.filter { !given.contains($0) }
    }
    var recipe = self
    recipe.method = .lora(settings, initial: initial)
    return recipe
  }
}
