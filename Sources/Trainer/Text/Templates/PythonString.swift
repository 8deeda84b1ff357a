/// Python's string functions on code points: Swift's own go by grapheme, which joins what Python keeps apart.
enum PythonString {
  /// Where `part` stands in `text`, from the left and without overlap.
  static func ranges(of part: String, in text: String, limit: Int = .max) -> [Range<String.Index>] {
    let needle = Array(part.utf8)
    guard let first = needle.first else { return [] }
    var ranges: [Range<String.Index>] = []
    var rest = text.utf8[...]
    // UTF-8 never holds one character's bytes inside another's, so bytes find what code points would.
    while ranges.count < limit, let start = rest.firstIndex(of: first) {
      let found = rest[start...].prefix(needle.count)
      if found.elementsEqual(needle) {
        ranges.append(start..<found.endIndex)
        rest = rest[found.endIndex...]
      } else {
        rest = rest[rest.index(after: start)...]
      }
    }
    return ranges
  }

  static func replacing(_ old: String, with new: String, in text: String, count: Int = .max) -> String {
    if old.isEmpty {
      var result = ""
      var left = count
      for scalar in text.unicodeScalars {
        if left > 0 { result += new }
        left -= 1
        result.unicodeScalars.append(scalar)
      }
      return left > 0 ? result + new : result
    }
    var result = ""
    var start = text.startIndex
    for range in ranges(of: old, in: text, limit: count) {
      result += text[start..<range.lowerBound] + new
      start = range.upperBound
    }
    return result + text[start...]
  }

  /// - Parameter separator: nil: runs of white space, with none at the ends.
  static func split(_ text: String, separator: String?, limit: Int = .max) -> [String] {
    guard let separator else {
      // What is left after the last split keeps the white space inside, but none before.
      return text.unicodeScalars.split(maxSplits: limit, omittingEmptySubsequences: true) { $0.isPythonSpace }
        .map { String(String.UnicodeScalarView($0.drop { $0.isPythonSpace })) }
    }
    var parts: [String] = []
    var start = text.startIndex
    for range in ranges(of: separator, in: text, limit: limit) {
      parts.append(String(text[start..<range.lowerBound]))
      start = range.upperBound
    }
    return parts + [String(text[start...])]
  }

  static func splitFromEnd(_ text: String, separator: String, limit: Int) -> [String] {
    var parts: [String] = []
    var end = text.endIndex
    for range in ranges(of: separator, in: text).reversed().prefix(limit) {
      parts.append(String(text[range.upperBound..<end]))
      end = range.lowerBound
    }
    return [String(text[..<end])] + parts.reversed()
  }

  static func splitLines(_ text: String) -> [String] {
    var lines: [String] = []
    var line = String.UnicodeScalarView()
    var previous: Unicode.Scalar?
    for scalar in text.unicodeScalars {
      let isEnd = scalar == "\n" || scalar == "\r"
      if isEnd, !(scalar == "\n" && previous == "\r") {
        lines.append(String(line))
        line = String.UnicodeScalarView()
      } else if !isEnd {
        line.append(scalar)
      }
      previous = scalar
    }
    return line.isEmpty ? lines : lines + [String(line)]
  }

  static func hasPrefix(_ text: String, _ part: String) -> Bool { text.utf8.starts(with: part.utf8) }

  static func hasSuffix(_ text: String, _ part: String) -> Bool {
    text.utf8.reversed().starts(with: part.utf8.reversed())
  }

  static func capitalized(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst().lowercased() }

  /// Each word's first letter in upper case, the rest in lower.
  static func titled(_ text: String) -> String {
    var result = ""
    var isInWord = false
    for character in text {
      result += isInWord ? character.lowercased() : character.uppercased()
      isInWord = character.isLetter
    }
    return result
  }

  /// `sequence[start:end:step]`: the indices that Python takes, in order.
  static func sliceIndices(count: Int, start: Int?, end: Int?, step: Int) -> [Int] {
    func clamp(_ index: Int, _ low: Int, _ high: Int) -> Int {
      min(max(index < 0 ? index.addingReportingOverflow(count).partialValue : index, low), high)
    }
    var indices: [Int] = []
    if step > 0 {
      let last = end.map { clamp($0, 0, count) } ?? count
      var index = start.map { clamp($0, 0, count) } ?? 0
      while index < last {
        indices.append(index)
        let (next, overflows) = index.addingReportingOverflow(step)
        if overflows { break }
        index = next
      }
    } else {
      let last = end.map { clamp($0, -1, count - 1) } ?? -1
      var index = start.map { clamp($0, -1, count - 1) } ?? count - 1
      while index > last {
        indices.append(index)
        let (next, overflows) = index.addingReportingOverflow(step)
        if overflows { break }
        index = next
      }
    }
    return indices
  }
}
