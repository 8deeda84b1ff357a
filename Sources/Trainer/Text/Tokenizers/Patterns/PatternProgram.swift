/// A pattern as steps that a `PatternMatcher` takes.
struct PatternProgram: Sendable, Equatable {
  /// One step; other steps are named by their index, sets by theirs.
  enum Step: Equatable {
    /// Takes one scalar of a set.
    case set(Int)
    /// Takes a byte of ASCII.
    case byte(UInt8)
    /// Takes as many scalars of a set as follow, at least and at most so many, and never gives one back.
    case run(set: Int, least: Int, most: Int, slot: Int)
    /// Goes on, and if that fails tries the step at `other`.
    case fork(other: Int, slot: Int)
    /// Goes on at `other`, and if that fails tries the step that follows.
    case forkAway(other: Int, slot: Int)
    /// Tries the alternatives that may begin with the next scalar, in their order.
    case choice(table: Int, slot: Int)
    case jump(Int)
    /// Goes on where the next scalar is in a set, or is not; at the end of the text none is.
    case peek(set: Int, negated: Bool)
    /// Goes on at `next` where the steps that follow lead to an `end`, or do not.
    case lookAhead(negated: Bool, next: Int)
    /// The same, from `width` scalars before.
    case lookBehind(width: Int, negated: Bool, next: Int)
    /// Takes what the steps that follow take up to their `end`, and goes on at `next`.
    case atomic(next: Int)
    case assertion(PatternNode.Assertion)
    /// The end of the pattern, or of a part that is tried for itself.
    case end
  }

  /// The alternatives of a choice.
  struct Choice: Equatable {
    /// The step at which each begins.
    var targets: [Int] = []
    /// The alternatives that may begin with each ASCII character, as bits.
    var ascii = [UInt64](repeating: 0, count: 128)
    /// The set that each begins with; nil where it may be empty.
    var sets: [Int?] = []
    /// The alternatives that may be empty, as bits.
    var empty: UInt64 = 0
  }

  /// The steps; the pattern begins with the first.
  var steps: [Step] = []
  var choices: [Choice] = []
  /// Forks, choices and runs, each of which has a number of its own.
  var slotCount = 0
  /// The scalars that a match may begin with; nil where it may be empty.
  var firstSet: Int?
  /// For each set two words that say which ASCII characters it holds.
  private(set) var asciiBits: [UInt64] = []
  /// The sets' inversion lists, one behind the other.
  private(set) var bounds: [UInt32] = []
  /// The beginning of each set's list, and the end of the last.
  private(set) var starts = [0]
  private var sets: [ScalarSet] = []

  /// The number of a set, which is added where it is new.
  mutating func number(of set: ScalarSet) -> Int {
    if let number = sets.firstIndex(of: set) { return number }
    sets.append(set)
    for half in [UInt32(0), 64] {
      asciiBits.append((0..<64).reduce(0) { set.contains(half + $1) ? $0 | 1 << UInt64($1) : $0 })
    }
    bounds += set.bounds
    starts.append(bounds.count)
    return sets.count - 1
  }

  /// True where a set holds a scalar.
  @inline(__always)
  func contains(_ set: Int, _ value: UInt32) -> Bool {
    if value < 128 { return asciiBits[2 * set + Int(value >> 6)] >> UInt64(value & 63) & 1 == 1 }
    var low = starts[set]
    var high = starts[set + 1]
    let start = low
    while low < high {
      let middle = (low + high) >> 1
      if bounds[middle] <= value { low = middle + 1 } else { high = middle }
    }
    return (low - start) & 1 == 1
  }
}
