/// Reads a pattern in the syntax of Oniguruma (its default, Ruby's), by which `tokenizers` reads them.
///
/// `^` and `$` are the ends of lines, `(?m)` lets `.` match newlines, groups capture nothing. What would need more than
/// linear time or the text of a group (back-references, calls, conditions) is refused.
/// - Source: doc/RE of kkos/oniguruma.
struct PatternParser {
  /// No pattern of a tokenizer nests deeper.
  static let greatestDepth = 100
  /// No tokenizer has a pattern of a quarter of it.
  private static let greatestLength = 4096
  /// Oniguruma's own bound on counts.
  private static let greatestCount = 100_000

  /// The options that a group may set.
  struct Options {
    /// Case does not count.
    var ignoresCase = false
    /// `.` matches newlines too.
    var matchesNewlines = false
    /// White space and comments are no part of the pattern.
    var isExtended = false
  }

  private let scalars: [Unicode.Scalar]
  private var place = 0
  /// Groups and brackets that are open.
  var depth = 0

  init(_ pattern: String) { scalars = Array(pattern.unicodeScalars) }

  /// The whole pattern.
  static func parse(_ pattern: String) throws(PatternProblem) -> PatternNode {
    var parser = PatternParser(pattern)
    guard parser.scalars.count <= greatestLength else {
      throw PatternProblem(text: "\(parser.scalars.count) characters, more than \(greatestLength)")
    }
    var options = Options()
    let node = try parser.alternation(&options)
    if parser.place < parser.scalars.count { throw parser.problem("a closing parenthesis without an opening one") }
    return node
  }

  /// The problem of a construct, with the character at which it stands.
  func problem(_ construct: String) -> PatternProblem {
    PatternProblem(text: "\(construct) before character \(place + 1)")
  }

  /// True where the next scalar is the last before a closing bracket.
  var isLastInBrackets: Bool { place + 1 < scalars.count && scalars[place + 1] == "]" }

  /// The next scalar, which stays.
  var next: Unicode.Scalar? { place < scalars.count ? scalars[place] : nil }

  /// Takes the next scalar.
  mutating func take() throws(PatternProblem) -> Unicode.Scalar {
    guard let scalar = next else { throw problem("an end in the middle") }
    place += 1
    return scalar
  }

  /// Takes some text if it stands next.
  mutating func take(_ text: String) -> Bool {
    let wanted = Array(text.unicodeScalars)
    guard scalars[place...].starts(with: wanted) else { return false }
    place += wanted.count
    return true
  }

  // MARK: Alternatives and sequences

  private mutating func alternation(_ options: inout Options) throws(PatternProblem) -> PatternNode {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.greatestDepth else { throw problem("groups that nest deeper than \(Self.greatestDepth)") }
    var parts = [try sequence(&options)]
    while take("|") { parts.append(try sequence(&options)) }
    return parts.count == 1 ? parts[0] : .alternation(parts)
  }

  private mutating func sequence(_ options: inout Options) throws(PatternProblem) -> PatternNode {
    var parts: [PatternNode] = []
    var letters = ""
    while let scalar = next, scalar != "|", scalar != ")" {
      if options.isExtended, skipsExtension(scalar) { continue }
      let isLetter = options.ignoresCase && scalar.properties.isAlphabetic
      guard let atom = try atom(&options) else { continue }
      let part = try quantified(atom, options)
      // Oniguruma finds some letters that follow one another as one character, where case does not count.
      letters = isLetter ? letters + String(scalar).lowercased() : ""
      if CaseFolding.ligatures.contains(where: letters.hasSuffix) {
        throw problem("\"\(letters.suffix(2))\" without regard to case, which stands for ligatures as well,")
      }
      parts.append(part)
    }
    return parts.count == 1 ? parts[0] : .sequence(parts)
  }

  /// Passes over white space or a comment of an extended pattern.
  private mutating func skipsExtension(_ scalar: Unicode.Scalar) -> Bool {
    if scalar == "#" {
      while let other = next, other != "\n" {
        _ = other
        place += 1
      }
      return true
    }
    guard scalar.value <= 0x20, scalar.properties.isWhitespace else { return false }
    place += 1
    return true
  }

  /// One part without its count; nil where it stands for nothing, as a comment does.
  private mutating func atom(_ options: inout Options) throws(PatternProblem) -> PatternNode? {
    let scalar = try take()
    switch scalar {
    case "(": return try group(&options)
    case "[": return .set(try characterClass(options))
    case ".": return .set(options.matchesNewlines ? .all : ScalarProperties.notNewline)
    case "^": return .assertion(.lineStart)
    case "$": return .assertion(.lineEnd)
    case "\\": return try escape(options)
    case "*", "+", "?": throw problem("a count without anything to repeat")
    default: return .set(try literal(scalar, options))
    }
  }

  /// The set of a scalar that stands for itself.
  func literal(_ scalar: Unicode.Scalar, _ options: Options) throws(PatternProblem) -> ScalarSet {
    guard options.ignoresCase else { return ScalarSet(scalar) }
    guard !CaseFolding.isMultiple(scalar) else {
      throw problem("\"\(scalar)\" without regard to case, which stands for several characters,")
    }
    return CaseFolding.closed(ScalarSet(scalar))
  }

  // MARK: Groups

  private mutating func group(_ options: inout Options) throws(PatternProblem) -> PatternNode? {
    var inner = options
    guard take("?") else { return try closed(try alternation(&inner)) }
    if take("#") {
      while try take() != ")" {}
      return nil
    }
    if take(":") { return try closed(try alternation(&inner)) }
    if take(">") { return .atomic(try closed(try alternation(&inner))) }
    for (sign, ahead, negated) in [("=", true, false), ("!", true, true), ("<=", false, false), ("<!", false, true)]
    where take(sign) {
      return try look(try closed(try alternation(&inner)), ahead: ahead, negated: negated)
    }
    if take("<") || take("'") {
      while let scalar = next, scalar != ">", scalar != "'" { _ = (scalar, try take()) }
      _ = try take()
      return try closed(try alternation(&inner))
    }
    return try optionGroup(&options)
  }

  private mutating func closed(_ node: PatternNode) throws(PatternProblem) -> PatternNode {
    guard take(")") else { throw problem("a group that is not closed") }
    return node
  }

  /// `(?i)`, which holds to the end of the group around it, and `(?i:…)`.
  private mutating func optionGroup(_ options: inout Options) throws(PatternProblem) -> PatternNode {
    var inner = options
    var isOn = true
    while true {
      switch try take() {
      case "-": isOn = false
      case "i": inner.ignoresCase = isOn
      case "m": inner.matchesNewlines = isOn
      case "x": inner.isExtended = isOn
      case ":": return try closed(try alternation(&inner))
      // To the end of the group, alternatives and all.
      case ")": return try alternation(&inner)
      case let scalar: throw problem("the group (?\(scalar)")
      }
    }
  }

  private func look(_ node: PatternNode, ahead: Bool, negated: Bool) throws(PatternProblem) -> PatternNode {
    if ahead { return .look(node, ahead: true, negated: negated) }
    if node.width != nil { return .look(node, ahead: false, negated: negated) }
    guard case .alternation(let parts) = node, parts.allSatisfy({ $0.width != nil }) else {
      throw problem("a look-behind of varying length")
    }
    let looks = parts.map { PatternNode.look($0, ahead: false, negated: negated) }
    return negated ? .sequence(looks) : .alternation(looks)
  }

  // MARK: Counts

  private mutating func quantified(_ atom: PatternNode, _ options: Options) throws(PatternProblem) -> PatternNode {
    var node = atom
    while let (least, most, isInterval) = try count() {
      if case .assertion = atom { throw problem("a count after a condition on a place") }
      if case .look = atom { throw problem("a count after a condition on a place") }
      var greed = PatternNode.Greed.greedy
      if !isInterval, take("+") {
        greed = .possessive
      } else if isInterval, least == most, take("?") {
        // "{n}?" takes n or none.
        node = .repeated(node, least: least, most: most, .greedy)
        node = .repeated(node, least: 0, most: 1, .greedy)
        continue
      } else if take("?") {
        greed = .lazy
      }
      if least != 1 || most != 1 { node = .repeated(node, least: least, most: most, greed) }
    }
    return node
  }

  /// The count that stands next; nil where none does.
  private mutating func count() throws(PatternProblem) -> (least: Int, most: Int, isInterval: Bool)? {
    if take("*") { return (0, PatternNode.unbounded, false) }
    if take("+") { return (1, PatternNode.unbounded, false) }
    if take("?") { return (0, 1, false) }
    let start = place
    guard take("{") else { return nil }
    let least = number()
    let isRange = take(",")
    let most = isRange ? number() : least
    guard take("}"), least != nil || most != nil else {
      // A brace that opens no count stands for itself.
      place = start
      return nil
    }
    let bounds = (least: least ?? 0, most: most ?? PatternNode.unbounded)
    guard bounds.least <= Self.greatestCount, most ?? 0 <= Self.greatestCount, bounds.least <= bounds.most else {
      throw problem("a count of \(least.map(String.init) ?? "")…\(most.map(String.init) ?? "")")
    }
    return (bounds.least, bounds.most, true)
  }

  private mutating func number() -> Int? {
    var digits = ""
    while let scalar = next, ("0"..."9").contains(scalar), digits.count < 9 {
      digits.unicodeScalars.append(scalar)
      place += 1
    }
    return Int(digits)
  }
}
