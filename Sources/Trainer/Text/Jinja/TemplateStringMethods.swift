/// Methods of one string.
struct TemplateStringMethods {
  private let text: TemplateText
  private let plain: String
  private let budget: TemplateBudget

  init(_ text: TemplateText, _ budget: TemplateBudget) throws(TemplateFault) {
    self.text = text
    self.budget = budget
    plain = try budget.plain(text)
  }

  /// The method's result.
  func call(_ name: String, _ arguments: TemplateArguments) throws(TemplateFault) -> TemplateValue {
    switch name {
    case "strip", "lstrip", "rstrip":
      let (start, end) = (name != "rstrip", name != "lstrip")
      guard let characters = try arguments.string(0, "chars", budget) else {
        return .string(text.trimmed(start: start, end: end))
      }
      let dropped = Set(characters.unicodeScalars)
      return .string(text.trimmed(start: start, end: end) { dropped.contains($0) })
    case "split", "rsplit": return try split(name, arguments)
    case "splitlines":
      return parts(
        try PythonString.splitLines(plain, keepsEnds: arguments.truth(0, "keepends") ?? false, budget))
    case "partition", "rpartition": return try partition(isLast: name == "rpartition", arguments)
    case "startswith", "endswith": return .boolean(try hasAffix(atEnd: name == "endswith", arguments))
    case "removeprefix", "removesuffix":
      return .string(try without(try needed(arguments, 0, name), atEnd: name == "removesuffix"))
    case "upper": return .string(try recased { $0.uppercased() })
    case "lower": return .string(try recased { $0.lowercased() })
    case "title": return .string(try recased(PythonString.titled))
    case "capitalize": return .string(try recased(PythonString.capitalized))
    case "swapcase": return .string(try recased(PythonString.swappedCase))
    case "replace": return .string(try replacing(arguments))
    case "join": return .string(try join(try arguments.value(0, "iterable")?.items(budget) ?? []))
    case "format_map":
      guard case .dictionary(let values)? = arguments.value(0, "mapping") else {
        throw TemplateFault("format_map() needs a mapping")
      }
      return .string(try TemplateBraceFormat(TemplateArguments(named: values), budget).apply(to: text))
    case "find", "index", "rfind", "rindex", "count": return try search(name, arguments)
    case "center", "ljust", "rjust", "zfill": return .string(try padded(name, arguments))
    default: return .boolean(holds(name))
    }
  }

  private func needed(_ arguments: TemplateArguments, _ index: Int, _ name: String) throws(TemplateFault) -> String {
    guard index < arguments.positional.count || !arguments.named.entries.isEmpty,
      case .string(let text)? = arguments.positional.dropFirst(index).first ?? arguments.named.entries.first?.value
    else { throw TemplateFault("\(name)() needs a string") }
    return try budget.plain(text)
  }

  // MARK: - Parts

  private func split(_ name: String, _ arguments: TemplateArguments) throws(TemplateFault) -> TemplateValue {
    let separator = try arguments.string(0, "sep", budget)
    guard separator != "" else { throw TemplateFault("\(name)() needs a separator that is not empty") }
    let limit = try arguments.integer(1, "maxsplit") ?? -1
    let count = limit < 0 ? Int.max : limit
    return parts(
      name == "split"
        ? try PythonString.split(plain, separator: separator, limit: count, budget)
        : try PythonString.splitFromEnd(plain, separator: separator, limit: count, budget))
  }

  private func parts(_ parts: [String]) -> TemplateValue { .list(parts.map { .string(text.derived($0)) }) }

  private func partition(isLast: Bool, _ arguments: TemplateArguments) throws(TemplateFault) -> TemplateValue {
    let separator = try needed(arguments, 0, "partition")
    guard !separator.isEmpty else { throw TemplateFault("partition() needs a separator that is not empty") }
    let split =
      isLast
      ? try PythonString.splitFromEnd(plain, separator: separator, limit: 1, budget)
      : try PythonString.split(plain, separator: separator, limit: 1, budget)
    let found = split.count == 2 ? [split[0], separator, split[1]] : isLast ? ["", "", plain] : [plain, "", ""]
    return .tuple(found.map { .string(text.derived($0)) })
  }

  /// The part of the text between the `start` and `end` of a method's arguments; nil where `start` is beyond its end.
  private func part(_ arguments: TemplateArguments) throws(TemplateFault) -> (text: String, offset: Int)? {
    let (start, end) = (try arguments.integer(1, "start"), try arguments.integer(2, "end"))
    guard start != nil || end != nil else { return (plain, 0) }
    try budget.spend(bytes: plain.utf8.count, times: 2)
    let scalars = plain.unicodeScalars
    let count = scalars.count
    func place(_ index: Int) -> Int { index < 0 ? max(index + count, 0) : index }
    let first = place(start ?? 0)
    let last = min(place(end ?? count), count)
    guard first <= last else { return nil }
    return (String(String.UnicodeScalarView(scalars.dropFirst(first).prefix(last - first))), first)
  }

  // MARK: - Searching

  private func search(_ name: String, _ arguments: TemplateArguments) throws(TemplateFault) -> TemplateValue {
    let wanted = try needed(arguments, 0, name)
    let isLast = name.hasPrefix("r")
    let found = try part(arguments)
    if wanted.isEmpty, let (part, offset) = found {
      let count = part.unicodeScalars.count
      return .integer(name == "count" ? count + 1 : offset + (isLast ? count : 0))
    }
    let (part, offset) = found ?? ("", 0)
    if name == "count" {
      return .integer(found == nil ? 0 : try PythonString.ranges(of: wanted, in: part, budget).count)
    }
    let start: String.Index? =
      found == nil
      ? nil
      : isLast
        ? try PythonString.lastStart(of: wanted, in: part, budget)
        : try PythonString.ranges(of: wanted, in: part, limit: 1, budget).first?.lowerBound
    guard let start else {
      guard name == "find" || name == "rfind" else { throw TemplateFault("\(name)() does not find '\(wanted)'") }
      return .integer(-1)
    }
    return .integer(offset + part[..<start].unicodeScalars.count)
  }

  private func hasAffix(atEnd: Bool, _ arguments: TemplateArguments) throws(TemplateFault) -> Bool {
    let name = atEnd ? "endswith" : "startswith"
    var affixes: [String] = []
    switch arguments.value(0, atEnd ? "suffix" : "prefix") {
    case .string(let text)?: affixes = [try budget.plain(text)]
    case .tuple(let items)?:
      for item in items {
        guard case .string(let text) = item else { throw TemplateFault("\(name)() needs strings") }
        affixes.append(try budget.plain(text))
      }
    default: throw TemplateFault("\(name)() needs a string, or several in parentheses")
    }
    guard let (part, _) = try part(arguments) else { return false }
    return affixes.contains { atEnd ? PythonString.hasSuffix(part, $0) : PythonString.hasPrefix(part, $0) }
  }

  private func without(_ affix: String, atEnd: Bool) throws(TemplateFault) -> TemplateText {
    let bytes = plain.utf8.count - affix.utf8.count
    if atEnd { return PythonString.hasSuffix(plain, affix) ? text.prefix(byteCount: bytes) : text }
    guard PythonString.hasPrefix(plain, affix) else { return text }
    return text.derived(String(decoding: plain.utf8.suffix(bytes), as: UTF8.self))
  }

  // MARK: - New text

  /// The text in another case; some letters become up to three times as long.
  private func recased(_ change: (String) -> String) throws(TemplateFault) -> TemplateText {
    try budget.spend(bytes: plain.utf8.count, times: 4)
    return text.derived(change(plain))
  }

  private func replacing(_ arguments: TemplateArguments) throws(TemplateFault) -> TemplateText {
    guard let old = try arguments.string(0, "old", budget), case .string(let new)? = arguments.value(1, "new") else {
      throw TemplateFault("replace() needs what to replace and what by")
    }
    try refuseMarkup("replace()")
    let count = try arguments.integer(2, "count") ?? -1
    let limit = count < 0 ? Int.max : count
    guard new.hasContent, !text.hasContent, !old.isEmpty else {
      let result = try PythonString.replacing(old, with: try budget.plain(new), in: plain, count: limit, budget)
      return text.derived(result)
    }
    // The template's own text stays apart from the content that is put into it.
    var result = TemplateText()
    for (index, part) in try PythonString.split(plain, separator: old, limit: limit, budget).enumerated() {
      if index > 0 {
        try budget.spend(new)
        result.append(new)
      }
      result.append(TemplateText(part))
    }
    return result
  }

  private func join(_ items: [TemplateValue]) throws(TemplateFault) -> TemplateText {
    try refuseMarkup("join()")
    var joined = TemplateText()
    for (index, item) in items.enumerated() {
      guard case .string(let part) = item else { throw TemplateFault("join() needs strings, not \(item.kindName)") }
      try budget.spend(part)
      if index > 0 {
        try budget.spend(text)
        joined.append(text)
      }
      joined.append(part)
    }
    return joined
  }

  private func padded(_ name: String, _ arguments: TemplateArguments) throws(TemplateFault) -> TemplateText {
    guard let width = try arguments.integer(0, "width") else { throw TemplateFault("\(name)() needs a width") }
    let fill = name == "zfill" ? "0" : try arguments.string(1, "fillchar", budget) ?? " "
    guard fill.unicodeScalars.count == 1 else { throw TemplateFault("\(name)() fills with one character") }
    let count = max(width - plain.unicodeScalars.count, 0)
    try budget.spend(bytes: fill.utf8.count, times: count)
    // Python puts the odd blank of a text of odd length to its left.
    let left =
      switch name {
      case "center": count / 2 + (count & width & 1)
      case "ljust": 0
      default: count
      }
    let filling = String(repeating: fill, count: left)
    var padded = TemplateText().markup(text.isMarkup)
    if name == "zfill", let sign = plain.unicodeScalars.first, sign == "-" || sign == "+" {
      return text.derived(String(sign) + filling + String(plain.unicodeScalars.dropFirst()))
    }
    padded.append(TemplateText(filling))
    padded.append(text)
    padded.append(TemplateText(String(repeating: fill, count: count - left)))
    return padded
  }

  private func refuseMarkup(_ method: String) throws(TemplateFault) {
    guard !text.isMarkup else {
      throw TemplateFault("\(method) on text marked safe is not supported: leave out 'safe'")
    }
  }

  // MARK: - Questions

  private func holds(_ name: String) -> Bool {
    let scalars = plain.unicodeScalars
    func all(_ test: (Unicode.Scalar) -> Bool) -> Bool { !scalars.isEmpty && scalars.allSatisfy(test) }
    switch name {
    case "isascii": return scalars.allSatisfy(\.isASCII)
    case "isspace": return all { $0.isPythonSpace }
    case "isdigit": return all { [.decimal, .digit].contains($0.properties.numericType) }
    case "isdecimal": return all { $0.properties.numericType == .decimal }
    case "isnumeric": return all { $0.properties.numericType != nil }
    case "isalpha": return all { $0.isPythonLetter }
    case "isalnum": return all { $0.isPythonLetter || $0.properties.numericType != nil }
    default: return PythonString.isCased(plain, upper: name == "isupper")
    }
  }
}

extension Unicode.Scalar {
  /// True for Python's `str.isalpha`: Unicode's letters.
  fileprivate var isPythonLetter: Bool {
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
    default: false
    }
  }
}
