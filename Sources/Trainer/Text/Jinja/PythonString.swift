/// Python's string functions, on code points: Swift's own work on graphemes, which join code points that Python keeps
/// apart.
///
/// Each function counts its result in the budget before it makes it.
enum PythonString {
  /// Ranges of `part` in `text`, from the left and without overlap.
  static func ranges(
    of part: String, in text: String, limit: Int = .max, _ budget: TemplateBudget
  ) throws(TemplateFault) -> [Range<String.Index>] {
    try budget.spend(bytes: text.utf8.count + part.utf8.count)
    let needle = Array(part.utf8)
    guard let first = needle.first else { return [] }
    var ranges: [Range<String.Index>] = []
    var rest = text.utf8[...]
    // UTF-8 never holds one character's bytes inside another's, so comparing bytes finds the same as comparing code
    // points.
    while ranges.count < limit, let start = rest.firstIndex(of: first) {
      var (equalCount, end) = (0, start)
      while equalCount < needle.count, end < rest.endIndex, rest[end] == needle[equalCount] {
        equalCount += 1
        rest.formIndex(after: &end)
      }
      // A part that almost matches at every place costs its length at each: count the bytes compared.
      try budget.spend(bytes: equalCount)
      if equalCount == needle.count {
        try budget.spend(values: 1)
        ranges.append(start..<end)
        rest = rest[end...]
      } else {
        rest = rest[rest.index(after: start)...]
      }
    }
    return ranges
  }

  /// Start of the last occurrence of `part` in `text`.
  static func lastStart(
    of part: String, in text: String, _ budget: TemplateBudget
  ) throws(TemplateFault) -> String.Index? {
    try budget.spend(bytes: text.utf8.count + part.utf8.count)
    let (bytes, needle) = (Array(text.utf8), Array(part.utf8))
    var start = bytes.count - needle.count
    while start >= 0 {
      var equalCount = 0
      while equalCount < needle.count, bytes[start + equalCount] == needle[equalCount] { equalCount += 1 }
      if equalCount == needle.count { return text.utf8.index(text.startIndex, offsetBy: start) }
      try budget.spend(bytes: equalCount)
      start -= 1
    }
    return nil
  }

  static func replacing(
    _ old: String, with new: String, in text: String, count: Int = .max, _ budget: TemplateBudget
  ) throws(TemplateFault) -> String {
    try budget.spend(bytes: text.utf8.count)
    var result = ""
    if old.isEmpty {
      var left = count
      for scalar in text.unicodeScalars {
        if left > 0 { try append(new, to: &result, budget) }
        left -= 1
        result.unicodeScalars.append(scalar)
      }
      if left > 0 { try append(new, to: &result, budget) }
      return result
    }
    var start = text.startIndex
    for range in try ranges(of: old, in: text, limit: count, budget) {
      result += text[start..<range.lowerBound]
      try append(new, to: &result, budget)
      start = range.upperBound
    }
    return result + text[start...]
  }

  private static func append(
    _ part: String, to result: inout String, _ budget: TemplateBudget
  ) throws(TemplateFault) {
    try budget.spend(bytes: part.utf8.count)
    result += part
  }

  /// Python's `split`.
  ///
  /// - Parameter separator: nil: any white space; the ends then give no empty parts.
  static func split(
    _ text: String, separator: String?, limit: Int = .max, _ budget: TemplateBudget
  ) throws(TemplateFault) -> [String] {
    guard let separator else { return try words(of: text, limit: limit, budget) }
    var parts: [String] = []
    var start = text.startIndex
    for range in try ranges(of: separator, in: text, limit: limit, budget) {
      parts.append(String(text[start..<range.lowerBound]))
      start = range.upperBound
    }
    return parts + [String(text[start...])]
  }

  /// Words between white space. The rest after `limit` words is one last part, which keeps its inner white space.
  private static func words(
    of text: String, limit: Int, _ budget: TemplateBudget
  ) throws(TemplateFault) -> [String] {
    try budget.spend(bytes: text.utf8.count)
    var words: [String] = []
    var rest = text.unicodeScalars.drop { $0.isPythonSpace }
    while !rest.isEmpty {
      try budget.spend(values: 1)
      guard words.count < limit else { return words + [String(String.UnicodeScalarView(rest))] }
      let word = rest.prefix { !$0.isPythonSpace }
      words.append(String(String.UnicodeScalarView(word)))
      rest = rest[word.endIndex...].drop { $0.isPythonSpace }
    }
    return words
  }

  /// Python's `rsplit`, whose parts beyond the limit stay together at the start.
  /// - Parameter separator: nil: any white space.
  static func splitFromEnd(
    _ text: String, separator: String?, limit: Int, _ budget: TemplateBudget
  ) throws(TemplateFault) -> [String] {
    guard let separator else { return try wordsFromEnd(of: text, limit: limit, budget) }
    var parts: [String] = []
    var end = text.endIndex
    for range in try ranges(of: separator, in: text, budget).reversed().prefix(limit) {
      parts.append(String(text[range.upperBound..<end]))
      end = range.lowerBound
    }
    return [String(text[..<end])] + parts.reversed()
  }

  private static func wordsFromEnd(
    of text: String, limit: Int, _ budget: TemplateBudget
  ) throws(TemplateFault) -> [String] {
    func reversed(_ part: some BidirectionalCollection<Unicode.Scalar>) -> String {
      String(String.UnicodeScalarView(part.reversed()))
    }
    try budget.spend(bytes: text.utf8.count, times: 2)
    return try words(of: reversed(text.unicodeScalars), limit: limit, budget).reversed().map {
      reversed($0.unicodeScalars)
    }
  }

  /// Python's `splitlines`.
  /// - Parameter keepsEnds: true: each line keeps the characters that end it.
  static func splitLines(
    _ text: String, keepsEnds: Bool = false, _ budget: TemplateBudget
  ) throws(TemplateFault) -> [String] {
    try budget.spend(bytes: text.utf8.count)
    var lines: [String] = []
    var line = String.UnicodeScalarView()
    var scalars = text.unicodeScalars[...]
    while let scalar = scalars.popFirst() {
      guard scalar.endsLine else {
        line.append(scalar)
        continue
      }
      if keepsEnds { line.append(scalar) }
      if scalar == "\r", scalars.first == "\n" {
        scalars.removeFirst()
        if keepsEnds { line.append("\n") }
      }
      try budget.spend(values: 1)
      lines.append(String(line))
      line = String.UnicodeScalarView()
    }
    return line.isEmpty ? lines : lines + [String(line)]
  }

  static func hasPrefix(_ text: String, _ part: String) -> Bool { text.utf8.starts(with: part.utf8) }

  static func hasSuffix(_ text: String, _ part: String) -> Bool {
    text.utf8.reversed().starts(with: part.utf8.reversed())
  }

  /// Indices that Python's `sequence[start:end:step]` takes, in order.
  static func sliceIndices(count: Int, start: Int?, end: Int?, step: Int) -> StrideTo<Int> {
    func clamp(_ index: Int, _ low: Int, _ high: Int) -> Int {
      min(max(index < 0 ? index.addingReportingOverflow(count).partialValue : index, low), high)
    }
    // A step beyond the sequence's length is shortened: it takes the same indices, and no sum overflows.
    let step = min(max(step, -count - 1), count + 1)
    if step > 0 {
      return stride(
        from: start.map { clamp($0, 0, count) } ?? 0, to: end.map { clamp($0, 0, count) } ?? count, by: step)
    }
    return stride(
      from: start.map { clamp($0, -1, count - 1) } ?? count - 1, to: end.map { clamp($0, -1, count - 1) } ?? -1,
      by: step)
  }
}

extension Unicode.Scalar {
  /// True for the characters at which Python's `str.splitlines` ends a line.
  fileprivate var endsLine: Bool {
    switch value {
    case 0x0A...0x0D, 0x1C...0x1E, 0x85, 0x2028, 0x2029: true
    default: false
    }
  }
}
