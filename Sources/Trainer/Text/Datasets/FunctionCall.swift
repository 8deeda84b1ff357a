/// Calls of tools that a turn `function_call` holds as text, as LLaMA-Factory's ShareGPT rows have them.
enum FunctionCall {
  /// The calls as `tool_calls` of a turn has them.
  ///
  /// - Parameter text: the JSON of one call {"name", "arguments"}, or of a list of calls.
  static func calls(_ text: String, _ place: String) throws(DatasetRow.Fault) -> JSON {
    var calls: [JSON] = []
    if let value = JSONParser.value(of: text) {
      if let list = value.array { calls = list } else { calls = [value] }
    }
    guard !calls.isEmpty, calls.allSatisfy(isCall) else {
      throw DatasetRow.Fault(
        message: "\(place) is no call of a tool (it begins \(excerpt(String(text.prefix(40))))): write the JSON "
          + "{\"name\": text, \"arguments\": {…}} or a list of such calls, or make it a turn from gpt")
    }
    return .array(calls.map { ["type": "function", "function": $0] })
  }

  private static func isCall(_ value: JSON) -> Bool {
    guard value["name"]?.string != nil, let arguments = value["arguments"] else { return false }
    return arguments.object != nil || arguments.string != nil
  }
}

extension JSONParser {
  /// The value that a text spells; nil where it is no JSON.
  static func value(of text: String) -> JSON? {
    var text = text
    return text.withUTF8 { try? parse(UnsafeRawBufferPointer($0), path: "") }
  }
}
