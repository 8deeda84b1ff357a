/// A name in an adapter's settings, which fits modules by PEFT's rule `(.*\.)?(NAME)$`: a plain name is a module's
/// whole name or its end after a point; any other is a regular expression.
struct ModulePattern {
  /// A text that is no regular expression.
  struct Invalid: Error, Equatable {
    let text: String
  }

  let text: String
  /// nil: a plain name, in which a point is a point.
  private let expression: Regex<AnyRegexOutput>?

  init(_ text: String) throws(Invalid) {
    self.text = text
    guard text.contains(where: #"*+?()[]{}|^$\"#.contains) else {
      expression = nil
      return
    }
    do { expression = try Regex(#"(?:.*\.)?(?:"# + text + ")") } catch { throw Invalid(text: text) }
  }

  /// True where the text says a module's own name, the last part of its path.
  func names(_ module: String) -> Bool { text.contains(module.split(separator: ".").last ?? "") }

  func matches(_ module: String) -> Bool {
    guard let expression else { return module == text || module.hasSuffix("." + text) }
    return (try? expression.wholeMatch(in: module)) != nil
  }
}

/// Values by pattern; where several patterns fit a module, the longest one's value counts.
struct PatternValues<Value> {
  private let entries: [(pattern: ModulePattern, value: Value)]

  init(_ values: [String: Value]) throws(ModulePattern.Invalid) {
    var entries: [(pattern: ModulePattern, value: Value)] = []
    for (text, value) in values.sorted(by: { ($0.key.count, $0.key) > ($1.key.count, $1.key) }) {
      entries.append((try ModulePattern(text), value))
    }
    self.entries = entries
  }

  subscript(module: String) -> Value? { entries.first { $0.pattern.matches(module) }?.value }
}
