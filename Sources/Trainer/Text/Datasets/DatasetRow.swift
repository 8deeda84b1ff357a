import Foundation

/// One row of a dataset, before it is encoded.
package enum DatasetRow: Sendable, Equatable {
  /// A document: every token is supervised.
  case text(String)
  /// A prompt and what should follow it: the completion alone is supervised. `before` are the turns that the row puts
  /// before the prompt: a system's, earlier questions and answers.
  case completion(prompt: String, completion: String, before: [ChatMessage] = [])
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

  /// A prompt as it stands where no template writes it: after the texts of the turns before it, each on lines of its own.
  static func joined(before: [ChatMessage], prompt: String) -> String {
    (before.map(\.content) + [prompt]).joined(separator: "\n")
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
    } else if object["messages"] != nil || object["conversations"] != nil {
      let key = object["messages"] != nil ? "messages" : "conversations"
      self = .conversation(try Self.conversation(object, prompt: nil, turns: key, passed: &passed))
      read = [key, "tools", "system"]
    } else if object["instruction"] != nil {
      let instruction = try Self.string("instruction", of: object)
      let hasInput = object["input"].map { !($0 is NSNull) } ?? false
      let input = hasInput ? try Self.string("input", of: object) : ""
      read = RowContext.keys.union(["instruction", "input", "output"])
      self = .completion(
        prompt: input.isEmpty ? instruction : instruction + "\n" + input,
        completion: try Self.string("output", of: object), before: try RowContext.turns(object))
    } else if let prompt = object["prompt"] {
      let key = object["completion"] == nil ? "response" : "completion"
      guard let completion = object[key] else {
        if object["chosen"] != nil { throw Fault(message: RowKeys.pairs) }
        throw Fault(message: "a prompt without a completion: add \"completion\" (or \"response\")")
      }
      if Self.holdsTurns(prompt) || Self.holdsTurns(completion) {
        self = .conversation(try Self.conversation(object, prompt: "prompt", turns: key, passed: &passed))
        read = ["prompt", key, "tools", "system"]
      } else {
        read = RowContext.keys.union(["prompt", key])
        self = .completion(
          prompt: try Self.string("prompt", of: object), completion: try Self.string(key, of: object),
          before: try RowContext.turns(object))
      }
    } else if object["text"] != nil {
      (self, read) = (.text(try Self.string("text", of: object)), ["text"])
    } else {
      throw Fault(
        message: "no known row shape among the keys [\(listed(object.keys))]: a row is \(Self.shapes); "
          + "where columns have other names, say which is which, as in columns: {prompt: question, completion: answer}")
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
    // Tables write null, or an empty cell, where a row says nothing.
    guard let value, !(value is NSNull), (value as? Cell)?.text.isEmpty != true else { return 1 }
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
    guard let value = object[key] else {
      let answer = ["response", "answer", "completion"].first { object[$0] != nil }
      let hint = key == "output" ? answer.map { ", or name the column in the recipe: columns: {output: \($0)}" } : nil
      throw Fault(message: "\"\(key)\" is missing: add it as text\(hint ?? "")")
    }
    guard let text = value as? String else {
      let remedy =
        value is NSNumber && !(value is NSNull) ? "write it in quotes" : "give the text, or leave the row out"
      throw Fault(message: "\"\(key)\" is \(kind(of: value)), but should be text: \(remedy)")
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

  private static func holdsTurns(_ value: Any) -> Bool { (value as? [Any])?.first is [String: Any] }

  /// The turns of one list, or those of a prompt and of its completion, which then alone can be learnt; a system's text
  /// beside them comes first.
  private static func conversation(
    _ object: [String: Any], prompt: String?, turns key: String, passed: inout Set<String>
  ) throws(Fault) -> Conversation {
    var turns = RowTurns()
    var promptCount = 0
    if let prompt {
      for name in [prompt, key] where !holdsTurns(object[name] ?? NSNull()) {
        throw Fault(
          message:
            "\"\(name)\" is \(kind(of: object[name])), but \"\(name == key ? prompt : key)\" is a list of turns: "
            + "write both as lists of turns, or both as text")
      }
      try turns.add(object[prompt] ?? NSNull(), key: prompt, passed: &passed)
      promptCount = turns.messages.count
    }
    try turns.add(object[key] ?? NSNull(), key: key, passed: &passed)
    if let system = try RowContext.system(object), turns.messages.first != system {
      guard turns.messages.first?.role != "system" else {
        throw Fault(
          message: "\"system\" and the first turn both are what the system says, and differ: keep one of them")
      }
      turns.prepend([system])
      if prompt != nil { promptCount += 1 }
    }
    return Conversation(turns.messages, promptCount: promptCount, marks: turns.marks)
  }

  // MARK: - Words for errors

  /// Name of a JSON value's type, for errors.
  static func kind(of value: Any?) -> String {
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
