import Foundation

/// The keys of a row of turns that go to the chat template as they stand, in the order of the file: those of a turn
/// beside its role and words, and the row's tools.
struct ConversationRow {
  /// Keys of the row's lists of turns, in their order.
  private let keys: [String]
  private let row: [String: Any]

  /// Keys of a turn that say whether it is learnt; templates are not written for them.
  private static let learning = RowKeys.learning

  /// - Parameter row: the row, its keys as the recipe's columns rename them.
  init(_ row: [String: Any]) {
    self.row = row
    keys =
      if row["messages"] != nil { ["messages"] } else if row["conversations"] != nil { ["conversations"] } else {
        ["prompt", row["completion"] == nil ? "response" : "completion"]
      }
  }

  /// The conversation with all that its row says.
  ///
  /// - Parameters:
  ///   - conversation: the turns with their roles and words alone.
  ///   - columns: the file's columns for the row's keys.
  ///   - json: parses the row so that its members keep their order; nil for a table's row.
  func completed(
    _ conversation: Conversation, columns: ColumnNames, json: () throws(DatasetRow.Fault) -> JSONObject?
  ) throws(DatasetRow.Fault) -> Conversation {
    let hasTools = row["tools"] != nil
    guard hasTools || keys.contains(where: holdsMore) else { return conversation }
    let object = try json()
    func column(of key: String) -> String { columns.pairs.first { $0.key == key }?.column ?? key }
    let tools = object?[column(of: "tools")] ?? (row["tools"] as? String).map { .string($0) }
    let turns = keys.flatMap { key in
      (object?[column(of: key)]?.array ?? []).map { (names: names(of: key), turn: $0) }
    }
    // A system's turn that comes from a key of the row has no members of its own.
    let own = max(conversation.messages.count - turns.count, 0)
    let completed = zip(conversation.messages[own...], turns).map { Self.completed($0, $1.turn, $1.names) }
    return conversation.completed(
      Array(conversation.messages.prefix(own)) + (turns.isEmpty ? Array(conversation.messages[own...]) : completed),
      tools: try tools.flatMap { tools throws(DatasetRow.Fault) in try Self.tools(tools) })
  }

  private func names(of key: String) -> RowTurns.Names { RowTurns.Names(of: row[key] as? [Any] ?? [], key: key) }

  /// True where a turn of a list has a key beside its role and words that templates may read.
  private func holdsMore(_ key: String) -> Bool {
    let names = names(of: key)
    return (row[key] as? [[String: Any]] ?? []).contains { turn in
      turn.keys.contains { $0 != names.role && $0 != names.content && !Self.learning.contains($0) }
    }
  }

  private static func completed(_ message: ChatMessage, _ turn: JSON, _ names: RowTurns.Names) -> ChatMessage {
    var members = JSONObject()
    for (name, value) in turn.object?.members ?? [] where !value.isNull {
      // A role has its common name, words in parts are joined already, and those of a call are read.
      let own = name == names.role ? "role" : name == names.content ? "content" : nil
      if let own {
        if let value = message.members[own] { _ = members.insert(value, for: own) }
      } else {
        _ = members.insert(value, for: name)
      }
    }
    for (name, value) in message.members.members { _ = members.insert(value, for: name) }
    return ChatMessage(members: members)
  }

  /// The tools of a row: a list of objects, or such a list as text, as tables and many datasets keep it.
  ///
  /// - Returns: nil for an empty list.
  private static func tools(_ value: JSON) throws(DatasetRow.Fault) -> JSON? {
    if value.isEmpty { return nil }
    var tools = value
    if let text = value.string {
      guard let parsed = JSONParser.value(of: text) else {
        throw DatasetRow.Fault(
          message: "\"tools\" is text that is no JSON (it begins \(excerpt(String(text.prefix(40))))): give a list of "
            + "tools, or its JSON as text")
      }
      tools = parsed
    }
    guard let list = tools.array else {
      throw DatasetRow.Fault(message: "\"tools\" is \(tools.kindName), but should be a list of tools: put it in [ ]")
    }
    for (index, tool) in list.enumerated() where tool.object == nil {
      throw DatasetRow.Fault(
        message:
          "\"tools\"[\(index)] is \(tool.kindName), but should be an object: a tool is described by its JSON schema")
    }
    return list.isEmpty ? nil : tools
  }
}
