import Foundation
import GPUTensor

/// A dialogue with a model: its turns, rendered by the model's own template, and a generator that keeps their keys and
/// values.
package final class ChatSession {
  /// An answer, and the turns dropped for it.
  package struct Answer: Sendable, Equatable {
    package let text: String
    /// Turns dropped, the oldest first, because the context could not hold them.
    package let forgottenTurns: Int
  }

  /// The turns so far, a system turn first where one was given.
  package private(set) var messages: [ChatMessage]

  private let encoder: ConversationEncoder
  private let tokenizer: any Tokenizer
  private let generator: Generator
  private let contextLength: Int
  private let stops: Set<Int32>
  private let system: [ChatMessage]

  /// - Parameters:
  ///   - system: text of a system turn before the first question.
  ///   - contextLength: most tokens of the dialogue with its next answer, no more than the model's context.
  package init(
    _ model: LoadedModel, tokenizer: any Tokenizer, template: ChatTemplate, system: String? = nil, contextLength: Int
  ) throws {
    self.tokenizer = tokenizer
    self.contextLength = contextLength
    self.system = system.map { [ChatMessage(role: "system", content: $0)] } ?? []
    messages = self.system
    encoder = ConversationEncoder(template: template, tokenizer: tokenizer)
    stops = model.configuration.stops(tokenizer)
    generator = Generator(
      model: model.deviceModel, rope: model.rope, executor: model.executor, contextLength: contextLength)
    try model.executor.prepare(generator.plans)
  }

  /// Asks a question, and adds it and the answer to the turns.
  ///
  /// - Parameter onText: called with each piece of the answer as it is written; false ends the answer.
  /// - Throws: `TemplateError`, where the template refuses the turns; `ChatTooLong`, where the question alone fills the
  ///   context. The turns are then as they were.
  package func ask(
    _ question: String, maxTokens: Int, sampling: Generator.Sampling, onText: (String) -> Bool
  ) throws -> Answer {
    var turns = messages + [ChatMessage(role: "user", content: question)]
    var prompt = try encoder.prompt(turns)
    var forgotten = 0
    // Drop a question with its answer, so that the turns still alternate.
    while prompt.count >= contextLength, turns.count > system.count + 2 {
      turns.removeSubrange(system.count..<(system.count + 2))
      forgotten += 2
      prompt = try encoder.prompt(turns)
    }
    guard prompt.count < contextLength else {
      throw ChatTooLong(tokens: prompt.count, contextLength: contextLength)
    }
    var decoder = StreamingDecoder(tokenizer)
    var text = ""
    var isWanted = true
    _ = try generator.generate(prompt: prompt, maxTokens: maxTokens, stops: stops, sampling: sampling) { token in
      let piece = decoder.append(token)
      text += piece
      isWanted = piece.isEmpty ? onText("") : onText(piece)
      return isWanted
    }
    let rest = decoder.finish()
    text += rest
    if isWanted, !rest.isEmpty { _ = onText(rest) }
    messages = turns + [ChatMessage(role: "assistant", content: text)]
    return Answer(text: text, forgottenTurns: forgotten)
  }

  /// Forgets every turn but the system's.
  package func reset() { messages = system }

  /// The dialogue as a row of a dataset: `{"messages": …}` in one line of JSON.
  package func row() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(["messages": messages]) + Data("\n".utf8)
  }
}

/// A question that fills the context before any answer.
package struct ChatTooLong: Error, CustomStringConvertible {
  package let tokens: Int
  package let contextLength: Int

  package var description: String {
    "\(tokens) tokens leave no room for an answer in a context of \(contextLength); ask for less at once, or give a "
      + "larger --context"
  }
}
