import Foundation

/// The turns that a row's keys put before its prompt: `system`, a text, and `history`, earlier questions with their
/// answers, as Alpaca's rows have them.
enum RowContext {
  /// The keys.
  static let keys: Set<String> = ["system", "history"]

  /// The system's turn, then a user's and an assistant's for each pair of the history; none where the keys say nothing.
  static func turns(_ object: [String: Any]) throws(DatasetRow.Fault) -> [ChatMessage] {
    var turns = try system(object).map { [$0] } ?? []
    for (question, answer) in try history(object) {
      turns.append(ChatMessage(role: "user", content: question))
      turns.append(ChatMessage(role: "assistant", content: answer))
    }
    return turns
  }

  /// The system's turn of the key `system`; nil where it says nothing.
  static func system(_ object: [String: Any]) throws(DatasetRow.Fault) -> ChatMessage? {
    guard let value = object["system"], !RowKeys.isEmpty(value) else { return nil }
    guard let text = value as? String else {
      throw DatasetRow.Fault(
        message: "\"system\" is \(DatasetRow.kind(of: value)), but should be text: what the model is told before the "
          + "first turn")
    }
    return ChatMessage(role: "system", content: text)
  }

  private static func history(
    _ object: [String: Any]
  ) throws(DatasetRow.Fault) -> [(question: String, answer: String)] {
    guard let value = object["history"], !RowKeys.isEmpty(value) else { return [] }
    // A table keeps the list as text.
    var list: Any? = value
    if let text = value as? String { list = try? JSONSerialization.jsonObject(with: Data(text.utf8)) }
    guard let pairs = list as? [Any] else {
      throw DatasetRow.Fault(
        message: "\"history\" is \(DatasetRow.kind(of: value)), but should be a list of pairs: [[question, answer], …]")
    }
    var history: [(String, String)] = []
    for (index, pair) in pairs.enumerated() {
      guard let pair = pair as? [Any], pair.count == 2, let question = pair[0] as? String,
        let answer = pair[1] as? String
      else {
        throw DatasetRow.Fault(
          message: "\"history\"[\(index)] should be a pair of texts: [question, answer]")
      }
      history.append((question, answer))
    }
    return history
  }
}
