/// Turns that go through the chat template, and the tools that the template writes beside them.
package struct Conversation: Sendable, Equatable {
  /// What a row says about learning one of its turns.
  package struct Mark: Sendable, Equatable {
    /// The turn's key that says so: `weight`, `train`, …
    let key: String
    /// False: the turn is context alone.
    let isLearnt: Bool
  }

  package let messages: [ChatMessage]
  /// Descriptions of tools, each usually a JSON schema of a function; nil where the row names none.
  package let tools: JSON?
  /// Leading turns that are the prompt of a row {prompt, completion}: context of what follows.
  let promptCount: Int
  /// The marks of turns that have one, by the turns' places.
  let marks: [Int: Mark]

  package init(_ messages: [ChatMessage], tools: JSON? = nil) {
    self.init(messages, tools: tools, promptCount: 0, marks: [:])
  }

  init(_ messages: [ChatMessage], tools: JSON? = nil, promptCount: Int, marks: [Int: Mark]) {
    self.messages = messages
    self.tools = tools
    self.promptCount = promptCount
    self.marks = marks
  }

  /// The same conversation with turns and tools that say more.
  func completed(_ messages: [ChatMessage], tools: JSON?) -> Conversation {
    Conversation(messages, tools: tools, promptCount: promptCount, marks: marks)
  }

  /// The conversation before a turn.
  func prefix(_ count: Int) -> Conversation { Conversation(Array(messages.prefix(count)), tools: tools) }

  /// The texts of the turns, calls of tools among them.
  var texts: [String] { messages.flatMap(\.texts) }

  /// Places of the assistant's turns.
  var assistantTurns: [Int] { messages.indices.filter { messages[$0].role == "assistant" } }

  /// Places of the assistant's turns that are learnt: those after the prompt that are not marked as context.
  ///
  /// - Parameter last: true: the last of them alone.
  func learntTurns(last: Bool) -> [Int] {
    let learnt = assistantTurns.filter { $0 >= promptCount && marks[$0]?.isLearnt != false }
    return last ? learnt.suffix(1) : learnt
  }

  /// The first turn of another than the assistant that is marked as learnt, and the key that says so; nil where there
  /// is none.
  var learntStranger: (turn: Int, key: String)? {
    marks.sorted { $0.key < $1.key }.first { $0.value.isLearnt && messages[$0.key].role != "assistant" }
      .map { ($0.key, $0.value.key) }
  }
}
