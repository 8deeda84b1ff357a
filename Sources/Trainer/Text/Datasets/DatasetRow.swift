import Foundation

/// One row of a dataset, before it is encoded.
package enum DatasetRow: Sendable, Equatable {
  /// A document: every token is supervised.
  case text(String)
  /// A prompt and what should follow it: the completion alone is supervised.
  case completion(prompt: String, completion: String)
  /// Turns that go through the chat template, with the row's tools: the assistant's are supervised.
  case conversation(Conversation)
  /// Tokens and labels, used as they are.
  case tokens(ids: [Int32], labels: [Int32])
}

extension DatasetRow {
  /// The shape in a word.
  package var shape: String {
    switch self {
    case .text: "text"
    case .completion: "completion"
    case .conversation: "conversation"
    case .tokens: "tokens"
    }
  }

  /// A fault of a row, in words; the reader adds the place.
  struct Fault: Error {
    let message: String
  }

  /// The shapes as errors list them.
  static let shapes =
    "{text}, {prompt, completion}, {prompt, response}, {instruction, input, output}, {messages}, {conversations} "
    + "or {input_ids, labels}"

  /// Reads a row by the keys that it holds.
  ///
  /// - Parameters:
  ///   - object: the row, its keys as `columns` renames them.
  ///   - other: the file's columns that stand for no key, under the file's names.
  ///   - passed: collects the keys that are not read and change nothing.
  /// - Throws: `Fault` for a row of no known shape, a value of a wrong type, and a key that is not read but changes
  ///   what the row means.
  init(_ object: [String: Any], beside other: [String: Any] = [:], passed: inout Set<String>) throws(Fault) {
    let read: Set<String>
    if object["input_ids"] != nil {
      (self, read) = (try Self.tokens(object), ["input_ids", "labels"])
    } else if let turns = object["messages"] {
      let messages = try Self.messages(turns, passed: &passed)
      (self, read) = (.conversation(Conversation(messages)), ["messages", "tools"])
    } else if let turns = object["conversations"] {
      let messages = try Self.conversations(turns, passed: &passed)
      (self, read) = (.conversation(Conversation(messages)), ["conversations", "tools"])
    } else if object["instruction"] != nil {
      let instruction = try Self.string("instruction", of: object)
      let hasInput = object["input"].map { !($0 is NSNull) } ?? false
      let input = hasInput ? try Self.string("input", of: object) : ""
      read = ["instruction", "input", "output"]
      self = .completion(
        prompt: input.isEmpty ? instruction : instruction + "\n" + input,
        completion: try Self.string("output", of: object))
    } else if object["prompt"] != nil {
      let key = object["completion"] == nil ? "response" : "completion"
      guard object[key] != nil else {
        throw Fault(message: "a prompt without a completion: add \"completion\" (or \"response\")")
      }
      read = ["prompt", key]
      self = .completion(
        prompt: try Self.string("prompt", of: object), completion: try Self.string(key, of: object))
    } else if object["text"] != nil {
      (self, read) = (.text(try Self.string("text", of: object)), ["text"])
    } else {
      throw Fault(message: "no known row shape among the keys [\(listed(object.keys))]: a row is \(Self.shapes)")
    }
    try RowKeys.check(object, beside: read, of: self, passed: &passed)
    try RowKeys.check(other, beside: [], of: self, passed: &passed)
  }

  /// The key of a row's weight.
  static let weightKey = "weight"

  /// Weight of the row's tokens in the mean loss; 1 where the row names none.
  ///
  /// - Parameter value: the value of `weight`: a number, or the text of a table's cell.
  static func weight(_ value: Any?) throws(Fault) -> Float {
    guard let value else { return 1 }
    let number = kind(of: value) == "a number" ? value as? Double : (value as? Cell).flatMap { Double($0.text) }
    guard let number, number >= 0, Float(number).isFinite else {
      let shown = (value as? Cell).map { "\"\(excerpt($0.text))\"" } ?? (number.map { "\($0)" } ?? kind(of: value))
      throw Fault(
        message: "\"\(weightKey)\" is \(shown), but should be a finite number from 0 up: what the row counts beside "
          + "others, which count 1")
    }
    return Float(number)
  }

  /// The text of a table's cell, which may be a number.
  struct Cell {
    let text: String
  }

  private static func string(_ key: String, of object: [String: Any]) throws(Fault) -> String {
    guard let value = object[key] else { throw Fault(message: "\"\(key)\" is missing: add it as text") }
    if let turns = value as? [Any], turns.first is [String: Any] {
      throw Fault(
        message: "\"\(key)\" is a list of turns, but should be text: write the row as {messages}, the prompt's turns "
          + "and then the completion's; every assistant turn of it is learnt")
    }
    guard let text = value as? String else {
      throw Fault(message: "\"\(key)\" is \(kind(of: value)), but should be text: write it in quotes")
    }
    return text
  }

  // MARK: - Tokens

  private static func tokens(_ object: [String: Any]) throws(Fault) -> DatasetRow {
    let ids = try integers("input_ids", of: object)
    guard object["labels"] != nil else {
      throw Fault(message: "\"input_ids\" without \"labels\": add one label a token, -100 where it is not supervised")
    }
    let labels = try integers("labels", of: object)
    guard ids.count == labels.count else {
      throw Fault(
        message: "\(ids.count) input_ids but \(labels.count) labels: give one label a token, -100 where not supervised")
    }
    return .tokens(ids: ids, labels: labels)
  }

  private static func integers(_ key: String, of object: [String: Any]) throws(Fault) -> [Int32] {
    guard let list = object[key] as? [Any] else {
      throw Fault(message: "\"\(key)\" is \(kind(of: object[key])), but should be a list of whole numbers")
    }
    var integers: [Int32] = []
    integers.reserveCapacity(list.count)
    for (index, element) in list.enumerated() {
      guard kind(of: element) == "a number", let value = element as? Int, let id = Int32(exactly: value) else {
        throw Fault(
          message: "\"\(key)\"[\(index)] is \(kind(of: element)), but no whole number of 32 bits: give a token's id")
      }
      integers.append(id)
    }
    return integers
  }

  // MARK: - Turns

  private static func messages(_ value: Any, passed: inout Set<String>) throws(Fault) -> [ChatMessage] {
    try turns(value, key: "messages", role: "role", content: "content", passed: &passed) { $0 }
  }

  /// ShareGPT's names for the three roles of a template.
  private static let sharedRoles = [
    "human": "user", "user": "user", "gpt": "assistant", "assistant": "assistant", "system": "system",
  ]

  private static func conversations(_ value: Any, passed: inout Set<String>) throws(Fault) -> [ChatMessage] {
    try turns(value, key: "conversations", role: "from", content: "value", passed: &passed) { name throws(Fault) in
      guard let role = sharedRoles[name] else {
        throw Fault(message: "a turn is from \"\(excerpt(name))\", but should be from human, gpt or system")
      }
      return role
    }
  }

  private static func turns(
    _ value: Any, key: String, role: String, content: String, passed: inout Set<String>,
    rename: (String) throws(Fault) -> String
  ) throws(Fault) -> [ChatMessage] {
    guard let turns = value as? [Any], !turns.isEmpty else {
      throw Fault(message: "\"\(key)\" is \(kind(of: value)), but should be a list of at least one turn")
    }
    var messages: [ChatMessage] = []
    for (index, turn) in turns.enumerated() {
      let place = "\"\(key)\"[\(index)]"
      guard let turn = turn as? [String: Any], let name = turn[role] as? String else {
        throw Fault(message: "\(place) should be {\"\(role)\": text, \"\(content)\": text}")
      }
      // The role goes into the rendered text beside the template's control tokens: it must not spell one.
      guard !name.isEmpty, name.utf8.allSatisfy({ isWordByte($0) }) else {
        throw Fault(
          message: "\(place) has the role \"\(excerpt(name))\": a role is letters, digits, '_' and '-'")
      }
      let renamed = try rename(name)
      try RowKeys.check(turn: turn, beside: [role, content], role: renamed, place: place, passed: &passed)
      // A turn that calls tools may say nothing.
      let isSilent =
        (turn[content] ?? NSNull()) is NSNull
        && ChatMessage.callKeys.contains { turn[$0].map { !RowKeys.isEmpty($0) } ?? false }
      let text = isSilent ? nil : try text(of: turn[content], "\(place).\"\(content)\"")
      messages.append(
        text.map { ChatMessage(role: renamed, content: $0) }
          ?? ChatMessage(members: JSONObject([("role", .string(renamed))])))
    }
    return messages
  }

  /// A turn's text: the content itself, or its text parts joined.
  private static func text(of value: Any?, _ place: String) throws(Fault) -> String {
    if let text = value as? String { return text }
    guard let parts = value as? [Any], !parts.isEmpty else {
      throw Fault(
        message: "\(place) is \(kind(of: value)), but should be text: write what the turn says, or leave it out")
    }
    var joined = ""
    for (index, part) in parts.enumerated() {
      let part = part as? [String: Any] ?? [:]
      guard part["type"] as? String == "text", let text = part["text"] as? String else {
        let found = (part["type"] as? String).map { "of type \"\(excerpt($0))\"" } ?? "without a type"
        throw Fault(
          message: "\(place)[\(index)] is a part \(found), but parts are {\"type\": \"text\", \"text\": text}: images, "
            + "sounds and calls of tools are not read, leave the row out")
      }
      joined += text
    }
    return joined
  }

  private static func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }

  // MARK: - Words for errors

  /// Name of a JSON value's type, for errors.
  private static func kind(of value: Any?) -> String {
    switch value {
    case nil: "missing"
    case is NSNull: "null"
    case is String: "text"
    case is [Any]: "a list"
    case is [String: Any]: "an object"
    case let number as NSNumber where isBoolean(number): "a truth value"
    case is NSNumber: "a number"
    default: "something else"
    }
  }

  /// True for JSON's true and false, which Foundation reads as numbers of a type of their own.
  static func isBoolean(_ value: Any) -> Bool {
    guard let number = value as? NSNumber else { return false }
    return type(of: number) == type(of: NSNumber(value: true)) && String(cString: number.objCType) == "c"
  }
}
