/// Arguments of transformers' `tojson`, which are those of Python's `json.dumps`.
struct TemplateJSONStyle {
  /// Text that a level is indented by; nil: everything on one line.
  let indentation: String?
  /// Text between two items.
  let itemSeparator: String
  /// Text between a key and its value.
  let keySeparator: String
  /// True: other than ASCII characters are written as escapes.
  let escapesUnicode: Bool
  /// True: keys stand in ascending order.
  let sortsKeys: Bool

  /// Reads the arguments; throws where one has no meaning.
  init(_ arguments: TemplateArguments, _ budget: TemplateBudget) throws(TemplateFault) {
    switch arguments.value(1, "indent") {
    case nil, TemplateValue.none?: indentation = nil
    case .string(let text)?: indentation = try budget.plain(text)
    case let value?:
      guard let count = value.asInteger else { throw TemplateFault("tojson with an indent that is \(value.kindName)") }
      try budget.spend(bytes: max(count, 0))
      indentation = String(repeating: " ", count: max(count, 0))
    }
    switch arguments.value(2, "separators") {
    case nil, TemplateValue.none?: (itemSeparator, keySeparator) = (indentation == nil ? ", " : ",", ": ")
    case let value?:
      guard let pair = value.elements, pair.count == 2, case .string(let item) = pair[0],
        case .string(let key) = pair[1]
      else { throw TemplateFault("tojson with separators that are no pair of strings") }
      (itemSeparator, keySeparator) = (try budget.plain(item), try budget.plain(key))
    }
    escapesUnicode = arguments.truth(0, "ensure_ascii") ?? false
    sortsKeys = arguments.truth(3, "sort_keys") ?? false
  }
}

extension TemplateValue {
  /// The value as JSON, as Python's `json.dumps` writes it.
  func json(_ style: TemplateJSONStyle, _ budget: TemplateBudget) throws(TemplateFault) -> TemplateText {
    var writer = TemplateJSONWriter(style: style, budget: budget)
    try writer.write(self, level: 0)
    return TemplateText(writer.text, writer.origin)
  }
}

/// Writes values as JSON. Every value and byte is counted in the budget before it is written.
private struct TemplateJSONWriter {
  let style: TemplateJSONStyle
  let budget: TemplateBudget
  private(set) var text = ""
  /// Origin of all the keys and strings inside.
  private(set) var origin = TemplateOrigin.template

  init(style: TemplateJSONStyle, budget: TemplateBudget) {
    self.style = style
    self.budget = budget
  }

  private mutating func write(_ part: String) throws(TemplateFault) {
    try budget.spend(bytes: part.utf8.count)
    text += part
  }

  mutating func write(_ value: TemplateValue, level: Int) throws(TemplateFault) {
    try budget.spend(steps: 1)
    if let items = value.elements {
      try write("[")
      for (index, item) in items.enumerated() {
        try writeSeparator(index, level: level)
        try write(item, level: level + 1)
      }
      return try writeEnd("]", isEmpty: items.isEmpty, level: level)
    }
    switch value {
    case .none: try write("null")
    case .boolean(let value): try write(value ? "true" : "false")
    case .integer(let value): try write("\(value)")
    case .number(let value):
      let names = ["nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"]
      let shown = PythonNumber.shown(value)
      try write(names[shown] ?? shown)
    case .string(let text):
      origin.add(text.origin)
      try writeString(try budget.plain(text))
    case .dictionary(let dictionary):
      if !dictionary.entries.isEmpty { origin.add(dictionary.keyOrigin) }
      try write("{")
      for (index, entry) in try sorted(dictionary.entries).enumerated() {
        try writeSeparator(index, level: level)
        try writeString(entry.key)
        try write(style.keySeparator)
        try write(entry.value, level: level + 1)
      }
      try writeEnd("}", isEmpty: dictionary.entries.isEmpty, level: level)
    default: throw TemplateFault("tojson cannot write \(value.kindName)")
    }
  }

  private func sorted(_ entries: [TemplateDictionary.Entry]) throws(TemplateFault) -> [TemplateDictionary.Entry] {
    guard style.sortsKeys else { return entries }
    let keys = entries.map { TemplateValue.text($0.key) }
    return try TemplateSorting(budget: budget).order(of: keys, isReversed: false).map { entries[$0] }
  }

  private mutating func writeSeparator(_ index: Int, level: Int) throws(TemplateFault) {
    if index > 0 { try write(style.itemSeparator) }
    try writeLineStart(level: level + 1)
  }

  private mutating func writeEnd(_ bracket: String, isEmpty: Bool, level: Int) throws(TemplateFault) {
    if !isEmpty { try writeLineStart(level: level) }
    try write(bracket)
  }

  private mutating func writeLineStart(level: Int) throws(TemplateFault) {
    guard let indentation = style.indentation else { return }
    try budget.spend(bytes: indentation.utf8.count, times: level)
    text += "\n" + String(repeating: indentation, count: level)
  }

  private mutating func writeString(_ string: String) throws(TemplateFault) {
    // Six bytes is the most that one becomes: an escape of four digits.
    try budget.spend(bytes: string.utf8.count, times: 6)
    let quoted = JSONWriter.quoted(string)
    guard style.escapesUnicode else { return text += quoted }
    for unit in quoted.utf16 {
      if unit < 0x80 {
        text.unicodeScalars.append(Unicode.Scalar(UInt8(unit)))
      } else {
        text += "\\u" + PythonString.hexadecimal(Int(unit), digits: 4)
      }
    }
  }
}
