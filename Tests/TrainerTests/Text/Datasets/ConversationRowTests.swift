import Foundation
import Testing

import Trainer

@Suite("Rows of turns with tools and calls")
struct ConversationRowTests {
  private static let tool =
    #"{"type": "function", "function": {"name": "f", "parameters": {"z": 1, "a": [1.0, true]}}}"#
  private static let user = #"{"role": "user", "content": "a"}"#

  private func conversation(_ row: String, name: String = "train.jsonl") throws -> Conversation {
    try #require(try DatasetFixture(row, name: name).conversation())
  }

  private func json(_ value: JSON?) -> String? {
    value.map { String(decoding: JSONWriter.data($0, .compact), as: UTF8.self) }
  }

  @Test("keys of turns and tools go to the template as they stand, in their order; null says nothing")
  func members() throws {
    let call = #"{"id": "c", "function": {"name": "f", "arguments": {"z": 1, "b": {"y": 2.5, "x": null}}}}"#
    let row = #"""
      {"tools": [\#(Self.tool)], "messages": [\#(Self.user), {"tool_calls": [\#(call)], "role": "assistant", "content": null},
      {"role": "tool", "content": [{"type": "text", "text": "7"}], "tool_call_id": "c", "name": "f", "weight": null},
      {"role": "assistant", "content": "b"}]}
      """#.replacing("\n", with: " ")
    let conversation = try conversation(row)
    #expect(json(conversation.tools) == "[\(Self.tool)]".replacing(" ", with: ""))
    #expect(conversation.messages.map(\.role) == ["user", "assistant", "tool", "assistant"])
    let turns = conversation.messages.map { json(.object($0.members)) }
    #expect(turns[1] == "{\"tool_calls\":[\(call)],\"role\":\"assistant\"}".replacing(" ", with: ""))
    #expect(turns[2] == #"{"role":"tool","content":"7","tool_call_id":"c","name":"f"}"#)
    #expect(turns[3] == #"{"role":"assistant","content":"b"}"#)
  }

  @Test("tools may be the JSON of a list as text, in a row of either name of the turns, under a column's name")
  func tools() throws {
    let text = JSONWriter.quoted("[\(Self.tool)]")
    let turns = #"[{"from": "human", "value": "a"}, {"from": "gpt", "value": "b", "thinking": "hm"}]"#
    let shared = try conversation(#"{"conversations": \#(turns), "tools": \#(text)}"#)
    #expect(json(shared.tools) == "[\(Self.tool)]".replacing(" ", with: ""))
    #expect(json(.object(shared.messages[1].members)) == #"{"role":"assistant","content":"b","thinking":"hm"}"#)
    let renamed = try DatasetFixture(
      #"{"chat": [\#(Self.user), {"role": "assistant", "content": "b"}], "f": \#(text)}"#)
    let columns = try ColumnNames(["messages": "chat", "tools": "f"])
    #expect(try renamed.conversation(columns: columns)?.tools == shared.tools)
    for none in ["[]", "\"[]\"", "null", "\"\""] {
      let row = #"{"messages": [\#(Self.user), {"role": "assistant", "content": "b"}], "tools": \#(none)}"#
      #expect(try conversation(row).tools == nil, "\(none)")
    }
  }

  @Test("tools of another kind are refused by name")
  func wrongTools() throws {
    for (tools, words) in [
      (#"{"name": "f"}"#, "an object, but should be a list"), (#""f(x)""#, "is text that is no JSON"),
      (#"["f"]"#, "\"tools\"[0] is \"f\", but should be an object"), ("3", "is 3"),
    ] {
      let row = #"{"messages": [\#(Self.user), {"role": "assistant", "content": "b"}], "tools": \#(tools)}"#
      let error = try #require(DatasetFixture(row).error())
      #expect(error.exitCode == 65 && error.message.contains(words), "\(error)")
    }
  }

  @Test("calls count among a row's words, so that rows of other calls are other rows")
  func fingerprint() throws {
    func row(_ name: String) throws -> RowFingerprint {
      let call = #"{"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "\#(name)"}}]}"#
      return RowFingerprint(.conversation(try conversation(#"{"messages": [\#(Self.user), \#(call)]}"#)))
    }
    #expect(try row("f") != row("g"))
  }
}
