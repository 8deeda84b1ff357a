import Foundation

/// Checks the keys of a row or a turn beyond those that its shape reads.
///
/// A key that changes what the row means is refused: a model would learn something else than the row says. A key that
/// does not, such as an id, is passed over and named once a file.
enum RowKeys {
  /// A key that changes what a row means.
  struct Meaning: Sendable {
    /// True for a value that changes nothing: the row means the same without the key.
    let isSilent: @Sendable (Any) -> Bool
    let remedy: String

    init(_ remedy: String, isSilent: @escaping @Sendable (Any) -> Bool = RowKeys.isEmpty) {
      self.remedy = remedy
      self.isSilent = isSilent
    }
  }

  private static let context = Meaning("write it into the prompt or the first turn, or remove the key")
  private static let tools = Meaning("write them into the text of the system's turn, or remove the key")
  private static let input = Meaning("write it into the prompt, or give {instruction, input, output} rows")
  private static let media = Meaning("rows of text alone are read: leave the row out, or remove the key")
  private static let pair = Meaning("pairs of answers are not read: write the one to be learnt as the completion")
  private static let unlearnt = Meaning("leave out what is not to be learnt, and remove the key", isSilent: isOne)
  private static let aside = Meaning("write it into the turn's text, or remove the key")
  private static let unwanted = Meaning("leave the row out: answers that are not to be given are not read") {
    !isFalse($0)
  }
  private static let mask = Meaning("set the labels of what it leaves out to -100, remove the key", isSilent: isOnes)

  private static let mediaKeys = ["image", "images", "video", "videos", "audio", "audios"]

  /// Keys of rows of a prompt or of turns.
  private static let conversational: [String: Meaning] = table([
    (["system", "history", "documents"], context), (["tools", "functions"], tools), (mediaKeys, media),
    (["system_prompt"], context), (["chosen", "rejected"], pair),
    (["chat_template_kwargs"], Meaning("remove the key: templates are given messages alone")),
    (["label", "kto_tag"], unwanted),
  ])
  /// The fault of a row of two answers.
  static let pairs = "\"chosen\" changes what the row means and is not read: \(pair.remedy)"
  /// Keys of rows of a text.
  private static let textual: [String: Meaning] = table([(["system", "history"], context), (["tools"], tools)])
  /// Keys of any row.
  private static let common: [String: Meaning] = table([
    (["train"], unlearnt),
    (["loss_weight", "sample_weight"], Meaning("call it \"\(DatasetRow.weightKey)\"", isSilent: isOne)),
  ])
  /// Keys of rows of tokens.
  private static let tokens: [String: Meaning] = table([
    (["attention_mask", "loss_mask", "completion_mask", "assistant_masks"], mask),
    (["position_ids"], Meaning("remove the key: positions count from 0", isSilent: countsUp)),
  ])
  /// Keys of turns.
  private static let turns: [String: Meaning] = table([
    (["tools", "functions"], tools), (mediaKeys, media), (["refusal"], aside),
    (["train_detail", "training_detail"], Meaning("remove the key: turns are learnt as a whole")),
    (["loss_weight", "supervise"], Meaning("call it \"\(DatasetRow.weightKey)\", 0 or 1", isSilent: isOne)),
    (["masked"], Meaning("write \"\(DatasetRow.weightKey)\": 0", isSilent: isFalse)),
  ])
  /// Keys of a turn that go to the chat template, which is asked whether it reads those that change a meaning.
  private static let given = Set(ChatMessage.callKeys + ChatMessage.reasoningKeys + ["tool_call_id", "name"])
  /// Keys of a turn that say whether it is learnt.
  static let learning: Set<String> = ["weight", "train", "training", "train_on_turn", "loss"]

  /// Keys of rows that are read, or that change what a row means.
  static let all: Set<String> = Set(ColumnNames.keys)
    .union(["input_ids", "labels", DatasetRow.weightKey]).union(conversational.keys).union(common.keys)
    .union(tokens.keys)

  private static func table(_ groups: [(keys: [String], meaning: Meaning)]) -> [String: Meaning] {
    Dictionary(uniqueKeysWithValues: groups.flatMap { group in group.keys.map { ($0, group.meaning) } })
  }

  // MARK: - The check

  /// Checks a row's keys.
  ///
  /// - Parameters:
  ///   - read: keys that the row's shape has read.
  ///   - passed: collects the keys that are passed over.
  static func check(
    _ object: [String: Any], beside read: Set<String>, of row: DatasetRow, passed: inout Set<String>
  ) throws(DatasetRow.Fault) {
    for key in object.keys.sorted() where !read.contains(key) && key != DatasetRow.weightKey {
      guard let value = object[key] else { continue }
      let meaning =
        switch row {
        case .text: common[key] ?? textual[key]
        case .tokens: common[key] ?? tokens[key]
        case .completion: key == "input" ? input : common[key] ?? conversational[key]
        case .conversation: common[key] ?? conversational[key]
        }
      guard let meaning else {
        if !isEmpty(value) { passed.insert(key) }
        continue
      }
      guard meaning.isSilent(value) else {
        throw DatasetRow.Fault(message: "\"\(key)\" changes what the row means and is not read: \(meaning.remedy)")
      }
    }
  }

  /// Checks a turn's keys.
  ///
  /// - Parameter place: the turn's, as errors name it: `"messages"[2]`.
  static func check(
    turn: [String: Any], beside read: Set<String>, place: String, passed: inout Set<String>
  ) throws(DatasetRow.Fault) {
    for key in turn.keys.sorted() where !read.contains(key) && !learning.contains(key) {
      guard let value = turn[key] else { continue }
      guard let meaning = turns[key] else {
        if !isEmpty(value), !given.contains(key) { passed.insert("\(place.prefix { $0 != "[" })[].\(key)") }
        continue
      }
      guard meaning.isSilent(value) else {
        throw DatasetRow.Fault(
          message: "\(place) has \"\(key)\", which changes what the turn means and is not read: \(meaning.remedy)")
      }
    }
  }

  /// What a turn says about being learnt: 0 and false make it context alone; nil where it says nothing.
  ///
  /// A 1 says nothing about a turn of another than the assistant: files that weigh turns have it on every one.
  static func mark(
    of turn: [String: Any], role: String, place: String
  ) throws(DatasetRow.Fault) -> Conversation.Mark? {
    var mark: Conversation.Mark?
    for key in learning.sorted() {
      guard let value = turn[key], !isEmpty(value) else { continue }
      guard let isLearnt = (value as? NSNumber).flatMap({ $0 == 0 ? false : $0 == 1 ? true : nil }) else {
        let shown = (value as? NSNumber).map { "\($0)" } ?? DatasetRow.kind(of: value)
        throw DatasetRow.Fault(
          message:
            "\(place) has \"\(key)\": \(shown), but a turn is learnt or not: write 1 or true, 0 or false; what a "
            + "row counts among others is \"weight\" beside its turns")
      }
      if isLearnt, role != "assistant", !DatasetRow.isBoolean(value) { continue }
      if let other = mark, other.isLearnt != isLearnt {
        throw DatasetRow.Fault(
          message: "\(place) has \"\(other.key)\" and \"\(key)\", which contradict each other: keep one of them")
      }
      mark = Conversation.Mark(key: key, isLearnt: isLearnt)
    }
    return mark
  }

  // MARK: - Values

  /// True for null, for empty text, lists and objects, and for the texts `[]` and `{}`.
  @Sendable static func isEmpty(_ value: Any) -> Bool {
    switch value {
    case is NSNull: true
    case let text as String: ["", "[]", "{}"].contains(text)
    case let list as [Any]: list.isEmpty
    case let object as [String: Any]: object.isEmpty
    default: false
    }
  }

  /// True for a value that leaves a turn or a row to be learnt as it is: 1, true, and whatever is no number, such as a
  /// table's text.
  @Sendable private static func isOne(_ value: Any) -> Bool { (value as? NSNumber).map { $0 == 1 } ?? true }

  @Sendable private static func isFalse(_ value: Any) -> Bool {
    DatasetRow.isBoolean(value) && value as? Bool == false
  }

  @Sendable private static func isOnes(_ value: Any) -> Bool { (value as? [Any])?.allSatisfy(isOne) ?? isEmpty(value) }

  @Sendable private static func countsUp(_ value: Any) -> Bool {
    guard let list = value as? [Any] else { return isEmpty(value) }
    return list.enumerated().allSatisfy { $0.element as? Int == $0.offset }
  }
}
