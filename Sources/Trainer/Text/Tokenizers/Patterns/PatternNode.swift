/// The parts of a pattern, as they were read.
indirect enum PatternNode: Sendable {
  /// One scalar of a set.
  case set(ScalarSet)
  case sequence([PatternNode])
  /// The first alternative that leads to a match counts.
  case alternation([PatternNode])
  case repeated(PatternNode, least: Int, most: Int, Greed)
  /// Looks at what follows, or at what stands before, without taking it.
  case look(PatternNode, ahead: Bool, negated: Bool)
  /// Once matched, no other way through it is tried.
  case atomic(PatternNode)
  case assertion(Assertion)

  /// The order in which counts of a repetition are tried.
  enum Greed: Sendable {
    case greedy, lazy, possessive
  }

  /// A condition on a place of a text.
  enum Assertion: Sendable {
    case lineStart, lineEnd, textStart, textEnd, lastLineEnd, wordBoundary, noWordBoundary
  }

  /// A count without bound.
  static let unbounded = Int(Int32.max)

  /// The scalars that a match may begin with, and true where a match may be empty.
  struct First {
    var set: ScalarSet
    var mayBeEmpty: Bool
  }

  /// The beginnings of this part's matches.
  var first: First {
    switch self {
    case .set(let set): return First(set: set, mayBeEmpty: false)
    case .sequence(let parts): return Self.first(of: parts[...])
    case .alternation(let parts):
      return parts.map(\.first).reduce(First(set: .none, mayBeEmpty: false)) {
        First(set: $0.set.union($1.set), mayBeEmpty: $0.mayBeEmpty || $1.mayBeEmpty)
      }
    case .repeated(let part, let least, let most, _):
      if most == 0 { return First(set: .none, mayBeEmpty: true) }
      let first = part.first
      return First(set: first.set, mayBeEmpty: first.mayBeEmpty || least == 0)
    case .look, .assertion: return First(set: .none, mayBeEmpty: true)
    case .atomic(let part): return part.first
    }
  }

  /// The beginnings of the matches of parts that follow one another.
  static func first(of parts: ArraySlice<PatternNode>) -> First {
    var result = First(set: .none, mayBeEmpty: true)
    for part in parts where result.mayBeEmpty {
      let first = part.first
      result = First(set: result.set.union(first.set), mayBeEmpty: first.mayBeEmpty)
    }
    return result
  }

  /// True where this part matches at every place, if only nothing.
  var alwaysMatches: Bool {
    switch self {
    case .set, .look, .assertion: false
    case .sequence(let parts): parts.allSatisfy(\.alwaysMatches)
    case .alternation(let parts): parts.contains(where: \.alwaysMatches)
    case .repeated(let part, let least, _, _): least == 0 || part.alwaysMatches
    case .atomic(let part): part.alwaysMatches
    }
  }

  /// The number of scalars in every match, or nil where matches differ in it.
  var width: Int? {
    switch self {
    case .set: return 1
    case .sequence(let parts):
      return parts.reduce(0) { sum, part in sum.flatMap { sum in part.width.map { sum + $0 } } }
    case .alternation(let parts):
      let widths = Set(parts.map(\.width))
      return widths.count == 1 ? widths.first ?? nil : nil
    case .repeated(let part, let least, let most, _): return least == most ? part.width.map { $0 * least } : nil
    case .look, .assertion: return 0
    case .atomic(let part): return part.width
    }
  }
}

/// A pattern that cannot be read, or is not offered.
package struct PatternProblem: Error, Equatable {
  /// The construct and its place, as a part of a sentence.
  package var text: String
}
