import Foundation

/// The keys of a row of turns that go to the chat template as they stand, in the order of the file: those of a turn
/// beside its role and words, and the row's tools.
struct ConversationRow {
  /// Keys of the turns, and those of their role and words, as the file names them.
  private let key: String
  private let roleKey: String
  private let contentKey: String
  private let row: [String: Any]

  /// Keys of a turn that say whether it is learnt; templates are not written for them.
  private static let learning = RowKeys.learning

  /// - Parameter row: the row, its keys as the recipe's columns rename them.
  init(_ row: [String: Any]) {
    self.row = row
    let isMessages = row["messages"] != nil
    key = isMessages ? "messages" : "conversations"
    roleKey = isMessages ? "role" : "from"
    contentKey = isMessages ? "content" : "value"
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
    let hasMore = (row[key] as? [[String: Any]] ?? []).contains { turn in
      turn.keys.contains { $0 != roleKey && $0 != contentKey && !Self.learning.contains($0) }
    }
    guard hasTools || hasMore else { return conversation }
    let object = try json()
    func column(of key: String) -> String { columns.pairs.first { $0.key == key }?.column ?? key }
    let tools = object?[column(of: "tools")] ?? (row["tools"] as? String).map { .string($0) }
    return Conversation(
      hasMore ? messages(conversation.messages, object?[column(of: key)]?.array ?? []) : conversation.messages,
      tools: try tools.flatMap { tools throws(DatasetRow.Fault) in try Self.tools(tools) })
  }

  private func messages(_ messages: [ChatMessage], _ turns: [JSON]) -> [ChatMessage] {
    zip(messages, turns).map { message, turn in
      var members = JSONObject()
      for (name, value) in turn.object?.members ?? [] where !value.isNull {
        // Words in parts are joined already, and a role has its common name.
        let own = name == roleKey ? "role" : name == contentKey ? "content" : nil
        _ = members.insert(own.flatMap { message.members[$0] } ?? value, for: own ?? name)
      }
      return ChatMessage(members: members)
    }
  }

  /// The tools of a row: a list of objects, or such a list as text, as tables and many datasets keep it.
  ///
  /// - Returns: nil for an empty list.
  private static func tools(_ value: JSON) throws(DatasetRow.Fault) -> JSON? {
    if value.isEmpty { return nil }
    var tools = value
    if let text = value.string {
      guard let parsed = parsed(text) else {
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

  private static func parsed(_ text: String) -> JSON? {
    var text = text
    return text.withUTF8 { try? JSONParser.parse(UnsafeRawBufferPointer($0), path: "") }
  }
}
