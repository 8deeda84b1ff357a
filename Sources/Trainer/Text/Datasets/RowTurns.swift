import Foundation

/// The turns of a row, read from its lists of turns: roles under their common names, words, and what is learnt.
struct RowTurns {
  private(set) var messages: [ChatMessage] = []
  /// What the row says about learning a turn, by the turn's place.
  private(set) var marks: [Int: Conversation.Mark] = [:]

  /// Names of a turn's role and words: OpenAI's or ShareGPT's.
  struct Names {
    let role: String
    let content: String
    /// True where the names of roles are ShareGPT's.
    var isShared: Bool { role == "from" }

    /// The names in a list's first turn; where it has neither, those that belong to the list's key.
    init(of turns: [Any], key: String) {
      let first = turns.first as? [String: Any] ?? [:]
      let isShared = first["role"] == nil && (first["from"] != nil || key == "conversations")
      (role, content) = isShared ? ("from", "value") : ("role", "content")
    }
  }

  /// Adds turns before all others, such as a system's.
  mutating func prepend(_ turns: [ChatMessage]) {
    let count = turns.count
    messages = turns + messages
    marks = Dictionary(uniqueKeysWithValues: marks.map { ($0.key + count, $0.value) })
  }

  /// Adds the turns of a list.
  ///
  /// - Parameters:
  ///   - key: the list's key, for errors.
  ///   - passed: collects the keys of turns that are not read and change nothing.
  mutating func add(_ value: Any, key: String, passed: inout Set<String>) throws(DatasetRow.Fault) {
    guard let turns = value as? [Any], !turns.isEmpty else {
      throw DatasetRow.Fault(
        message: "\"\(key)\" is \(DatasetRow.kind(of: value)), but should be a list of at least one turn")
    }
    let names = Names(of: turns, key: key)
    for (index, turn) in turns.enumerated() {
      let place = "\"\(key)\"[\(index)]"
      guard let turn = turn as? [String: Any], let name = turn[names.role] as? String else {
        throw DatasetRow.Fault(
          message: "\(place) should be {\"\(names.role)\": text, \"\(names.content)\": text}")
      }
      // The role goes into the rendered text beside the template's control tokens: it must not spell one.
      guard !name.isEmpty, name.utf8.allSatisfy({ Self.isWordByte($0) }) else {
        throw DatasetRow.Fault(
          message: "\(place) has the role \"\(excerpt(name))\": a role is letters, digits, '_' and '-'")
      }
      let role = names.isShared ? try Self.commonRole(of: name, place) : .named(Self.otherNames[name] ?? name)
      try RowKeys.check(turn: turn, beside: [names.role, names.content], place: place, passed: &passed)
      let message = try Self.message(turn, role, words: turn[names.content], "\(place).\"\(names.content)\"")
      marks[messages.count] = try RowKeys.mark(of: turn, role: message.role, place: place)
      messages.append(message)
    }
  }

  private static func message(
    _ turn: [String: Any], _ role: Role, words: Any?, _ place: String
  ) throws(DatasetRow.Fault) -> ChatMessage {
    switch role {
    case .call:
      let calls = try FunctionCall.calls(try text(of: words, place), place)
      return ChatMessage(members: JSONObject([("role", "assistant"), ("tool_calls", calls)]))
    case .named(let name):
      // A turn that calls tools may say nothing.
      let isSilent =
        (words ?? NSNull()) is NSNull
        && ChatMessage.callKeys.contains { turn[$0].map { !RowKeys.isEmpty($0) } ?? false }
      guard !isSilent else { return ChatMessage(members: JSONObject([("role", .string(name))])) }
      return ChatMessage(role: name, content: try text(of: words, place))
    }
  }

  // MARK: - Roles

  private enum Role {
    /// A role that templates know.
    case named(String)
    /// The assistant's, whose words are calls of tools.
    case call
  }

  /// ShareGPT's names for the roles of a template, as FastChat, LLaMA-Factory and axolotl know them.
  private static let sharedRoles: [String: Role] = {
    let names: [(Role, [String])] = [
      (.named("user"), ["human", "user", "prompter"]),
      (.named("assistant"), ["gpt", "assistant", "chatgpt", "bing", "bard", "bot", "ai", "model"]),
      (.named("system"), ["system"]),
      (.named("tool"), ["tool", "function", "observation", "tool_response", "function_response"]),
      (.call, ["function_call", "tool_call"]),
    ]
    return Dictionary(uniqueKeysWithValues: names.flatMap { role, names in names.map { ($0, role) } })
  }()

  /// ShareGPT's names that stand as a `role` in some files; templates have no others for them.
  private static let otherNames = [
    "human": "user", "prompter": "user", "gpt": "assistant", "chatgpt": "assistant", "bing": "assistant",
    "bard": "assistant",
  ]

  private static func commonRole(of name: String, _ place: String) throws(DatasetRow.Fault) -> Role {
    guard let role = sharedRoles[name] else {
      throw DatasetRow.Fault(
        message: "\(place) is from \"\(excerpt(name))\", but should be from human, gpt, system, function_call or "
          + "observation, or another name of these roles")
    }
    return role
  }

  private static func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }

  // MARK: - Words

  /// A turn's text: the content itself, or its text parts joined.
  private static func text(of value: Any?, _ place: String) throws(DatasetRow.Fault) -> String {
    if let text = value as? String { return text }
    guard let parts = value as? [Any], !parts.isEmpty else {
      throw DatasetRow.Fault(
        message: "\(place) is \(DatasetRow.kind(of: value)), but should be text: write what the turn says, or leave it "
          + "out")
    }
    var joined = ""
    for (index, part) in parts.enumerated() {
      let part = part as? [String: Any] ?? [:]
      guard part["type"] as? String == "text", let text = part["text"] as? String else {
        let found = (part["type"] as? String).map { "of type \"\(excerpt($0))\"" } ?? "without a type"
        throw DatasetRow.Fault(
          message: "\(place)[\(index)] is a part \(found), but parts are {\"type\": \"text\", \"text\": text}: images, "
            + "sounds and calls of tools are not read, leave the row out")
      }
      joined += text
    }
    return joined
  }
}
