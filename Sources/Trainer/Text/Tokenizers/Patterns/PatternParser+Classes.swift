/// Escapes, and classes of characters in brackets.
extension PatternParser {
  /// The part behind a backslash, outside brackets.
  mutating func escape(_ options: Options) throws(PatternProblem) -> PatternNode {
    switch next {
    case "b": return try assertion(.wordBoundary)
    case "B": return try assertion(.noWordBoundary)
    case "A": return try assertion(.textStart)
    case "z": return try assertion(.textEnd)
    case "Z": return try assertion(.lastLineEnd)
    case "R":
      _ = try take()
      let breaks = ScalarSet([0x0A...0x0D, 0x85...0x85, 0x2028...0x2029])
      let pair = PatternNode.sequence([.set(ScalarSet("\r")), .set(ScalarSet("\n"))])
      return .atomic(.alternation([pair, .set(breaks)]))
    default: return .set(try escapedSet(options, inBrackets: false))
    }
  }

  private mutating func assertion(_ assertion: PatternNode.Assertion) throws(PatternProblem) -> PatternNode {
    _ = try take()
    return .assertion(assertion)
  }

  /// The set behind a backslash.
  private mutating func escapedSet(_ options: Options, inBrackets: Bool) throws(PatternProblem) -> ScalarSet {
    let scalar = try take()
    switch scalar {
    case "s": return ScalarProperties.space
    case "S": return ScalarProperties.space.inverted
    case "d": return ScalarProperties.digit
    case "D": return ScalarProperties.digit.inverted
    case "w": return inBrackets ? ScalarProperties.word : ScalarProperties.wordAlone
    case "W": return (inBrackets ? ScalarProperties.word : ScalarProperties.wordAlone).inverted
    case "h": return ScalarProperties.hexDigit
    case "H": return ScalarProperties.hexDigit.inverted
    case "p", "P": return try property(isInverted: scalar == "P", options)
    default: return try literal(try escapedScalar(scalar, inBrackets: inBrackets), options)
    }
  }

  /// The scalar that an escape stands for.
  private mutating func escapedScalar(
    _ scalar: Unicode.Scalar, inBrackets: Bool
  ) throws(PatternProblem) -> Unicode.Scalar {
    switch scalar {
    case "t": return "\t"
    case "n": return "\n"
    case "r": return "\r"
    case "f": return "\u{0C}"
    case "v": return "\u{0B}"
    case "a": return "\u{07}"
    case "e": return "\u{1B}"
    case "b" where inBrackets: return "\u{08}"
    case "0": return try coded("0" + digits(2, radix: 8), radix: 8)
    case "u": return try coded(digits(4, radix: 16), radix: 16)
    case "x":
      guard take("{") else { return try coded(digits(2, radix: 16), radix: 16) }
      let scalar = try coded(digits(8, radix: 16), radix: 16)
      guard take("}") else { throw problem("a number that is not closed") }
      return scalar
    case "1"..."9": throw problem("a back-reference")
    case "a"..."z", "A"..."Z": throw problem("\\\(scalar)")
    default: return scalar
    }
  }

  private mutating func digits(_ most: Int, radix: Int) -> String {
    var digits = ""
    while digits.count < most, let scalar = next, Int(String(scalar), radix: radix) != nil, (try? take()) != nil {
      digits.unicodeScalars.append(scalar)
    }
    return digits
  }

  private func coded(_ digits: String, radix: Int) throws(PatternProblem) -> Unicode.Scalar {
    guard let value = UInt32(digits, radix: radix), let scalar = Unicode.Scalar(value) else {
      throw problem("a number that is no character")
    }
    return scalar
  }

  /// `\p{…}`: a property by its name.
  private mutating func property(isInverted: Bool, _ options: Options) throws(PatternProblem) -> ScalarSet {
    guard take("{") else { throw problem("\\p without braces") }
    let isNegated = take("^")
    var name = ""
    while let scalar = next, scalar != "}" {
      name.unicodeScalars.append(scalar)
      _ = try take()
    }
    guard take("}"), let set = ScalarProperties.named(name) else {
      throw problem("the property \(name.debugDescription)")
    }
    let closed = options.ignoresCase ? CaseFolding.closed(set) : set
    return isInverted != isNegated ? closed.inverted : closed
  }

  // MARK: Brackets

  /// A class behind its opening bracket.
  mutating func characterClass(_ options: Options) throws(PatternProblem) -> ScalarSet {
    let isInverted = take("^")
    var intersection: ScalarSet?
    var set = ScalarSet.none
    var isFirst = true
    while true {
      if next == "]", !isFirst { break }
      isFirst = false
      if take("&&") {
        intersection = intersection?.intersection(set) ?? set
        set = .none
      } else {
        set = set.union(try member(options))
      }
    }
    _ = try take()
    let whole = intersection?.intersection(set) ?? set
    return isInverted ? whole.inverted : whole
  }

  /// A character, a range, a nested class or a named one.
  private mutating func member(_ options: Options) throws(PatternProblem) -> ScalarSet {
    if take("[:") { return try posixClass() }
    if take("[") { return try nestedClass(options) }
    let (set, lower) = try end(options)
    guard let lower, next == "-", !isLastInBrackets else { return set }
    _ = try take()
    if next == "[" {
      // A class cannot end a range: the hyphen stands for itself.
      return set.union(ScalarSet("-"))
    }
    let (other, upper) = try end(options)
    guard let upper else { return set.union(ScalarSet("-")).union(other) }
    guard lower <= upper else { throw problem("a range whose end lies before its beginning") }
    let range = ScalarSet([lower.value...upper.value])
    return options.ignoresCase ? CaseFolding.closed(range) : range
  }

  private mutating func nestedClass(_ options: Options) throws(PatternProblem) -> ScalarSet {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.greatestDepth else { throw problem("brackets that nest deeper than \(Self.greatestDepth)") }
    return try characterClass(options)
  }

  /// One character, which may begin or end a range, or the set of an escape, which may not.
  private mutating func end(_ options: Options) throws(PatternProblem) -> (ScalarSet, Unicode.Scalar?) {
    let scalar = try take()
    guard scalar == "\\" else { return (try literal(scalar, options), scalar) }
    switch next {
    case "s", "S", "d", "D", "w", "W", "h", "H", "p", "P":
      return (try escapedSet(options, inBrackets: true), nil)
    default:
      let escaped = try escapedScalar(try take(), inBrackets: true)
      return (try literal(escaped, options), escaped)
    }
  }

  private mutating func posixClass() throws(PatternProblem) -> ScalarSet {
    let isNegated = take("^")
    var name = ""
    while let scalar = next, scalar != ":" {
      name.unicodeScalars.append(scalar)
      _ = try take()
    }
    guard take(":]"), let set = ScalarProperties.posix(name) else { throw problem("the class [:\(name):]") }
    return isNegated ? set.inverted : set
  }
}
