/// Rows → samples, by the same rules in training and in evaluation.
///
/// A prompt and its completion are a user's and an assistant's turn where the model has a chat template, as in TRL and
/// LLaMA-Factory, unless the settings keep them raw. Raw, they are encoded apart and joined, so the mask's edge is the
/// text's edge. Text from rows goes through `encodeOrdinary`: a row that spells a control token out does not get one.
package struct RowEncoder: Sendable {
  /// A fault of a row that cannot be encoded, in words; the reader adds the place.
  package struct Fault: Error, Equatable {
    package let message: String
  }

  private let tokenizer: (any Tokenizer)?
  /// Encoder of conversations; nil without a chat template. A template that cannot be read is an error only once a row
  /// of turns comes.
  private let conversations: Result<ConversationEncoder, TemplateError>?
  /// Tokens of the model's vocabulary: ids are below it.
  private let vocabularySize: Int
  private let settings: RowSettings

  /// - Parameters:
  ///   - tokenizer: nil where the rows are tokenised already.
  ///   - vocabularySize: the model's.
  package init(tokenizer: (any Tokenizer)?, vocabularySize: Int, settings: RowSettings = RowSettings()) {
    self.tokenizer = tokenizer
    self.settings = settings
    self.vocabularySize = vocabularySize
    if let tokenizer, let source = tokenizer.chatTemplate {
      conversations = Result { () throws(TemplateError) in
        ConversationEncoder(template: try ChatTemplate(source), tokenizer: tokenizer)
      }
    } else {
      conversations = nil
    }
  }

  /// The form in which a prompt and its completion are written.
  package var completionForm: CompletionForm {
    settings.template == .auto && conversations != nil ? .chat : .raw
  }

  /// The row as it is encoded: a prompt and its completion as turns, where the chat template writes them.
  ///
  /// - Throws: `Fault` for a prompt without words, which no user's turn is.
  package func written(_ row: DatasetRow) throws(Fault) -> DatasetRow {
    guard completionForm == .chat, case .completion(let prompt, let completion, let before) = row else { return row }
    guard TextBorder.says(prompt.utf8) else {
      throw Fault(
        message:
          "the prompt has no words, and the chat template would write a user's turn that says nothing: write what "
          + "is asked, give a row without a prompt as {text}, or set template: none")
    }
    return .conversation(
      Conversation(
        before + [ChatMessage(role: "user", content: prompt), ChatMessage(role: "assistant", content: completion)]))
  }

  /// Encodes one row, uncut.
  package func encode(_ row: DatasetRow) throws(Fault) -> Sample {
    let sample = try sample(of: row)
    return try checked(sample) ?? sample
  }

  /// Returns the sample, checked; nil for nil.
  ///
  /// - Throws: `Fault` where an id or a label is outside the model's vocabulary.
  package func checked(_ sample: Sample?) throws(Fault) -> Sample? {
    guard let sample else { return nil }
    for (index, id) in sample.ids.enumerated() where id < 0 || Int(id) >= vocabularySize {
      throw Fault(
        message: "token \(id) at position \(index) is outside the model's vocabulary of \(vocabularySize): use the "
          + "tokenizer that belongs to the model")
    }
    for (index, label) in sample.labels.enumerated() where label != Sample.ignoredLabel {
      guard label >= 0, Int(label) < vocabularySize else {
        throw Fault(
          message: "label \(label) at position \(index) is neither -100 nor a token of the model's vocabulary of "
            + "\(vocabularySize)")
      }
    }
    return sample
  }

  private func sample(of row: DatasetRow) throws(Fault) -> Sample {
    let written = try written(row)
    switch written {
    case .tokens(let ids, let labels):
      return Sample(ids: ids, labels: labels)
    case .text(let text):
      return joined(prompt: [], supervised: try needed().encodeOrdinary(text), by: try needed())
    case .completion(let prompt, let completion, let before):
      let tokenizer = try needed()
      return joined(
        prompt: tokenizer.encodeOrdinary(DatasetRow.joined(before: before, prompt: prompt)),
        supervised: tokenizer.encodeOrdinary(completion), by: tokenizer)
    case .conversation(let conversation):
      _ = try needed()
      guard let conversations else {
        throw Fault(
          message: "a row of turns needs a chat template, and the model's tokenizer brings none: name one "
            + "(base.chat_template in a recipe), or use {prompt, completion} rows")
      }
      if let stranger = conversation.learntStranger, !settings.learnsInputs {
        throw Fault(
          message: "turn \(stranger.turn + 1) has \"\(stranger.key)\": true, but is the "
            + "\(conversation.messages[stranger.turn].role)'s, and assistant turns alone are learnt: remove the key, or "
            + "set train_on_inputs: true, which learns every turn")
      }
      do {
        return try conversations.get().encode(
          conversation, lastTurn: settings.learntTurns == .last, inputs: settings.learnsInputs)
      } catch {
        throw Fault(
          message: error.description + (written == row ? "" : "; or set template: none, to join rows as they stand"))
      }
    }
  }

  /// The sample of BOS (where the tokenizer adds it), the prompt, the supervised tokens, and EOS.
  private func joined(prompt: [Int32], supervised: [Int32], by tokenizer: any Tokenizer) -> Sample {
    let given = tokenizer.head + prompt
    let learnt = supervised + tokenizer.special.eos.prefix(1)
    return Sample(
      ids: given + learnt,
      labels: (settings.learnsInputs ? given : Array(repeating: Sample.ignoredLabel, count: given.count)) + learnt)
  }

  private func needed() throws(Fault) -> any Tokenizer {
    guard let tokenizer else {
      throw Fault(
        message: "a row of text needs a tokenizer, and the model brings none: name one (base.tokenizer in a recipe, "
          + "--tokenizer of a command), or give {input_ids, labels}")
    }
    return tokenizer
  }
}
