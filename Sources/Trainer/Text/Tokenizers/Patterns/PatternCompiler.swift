/// Turns the parts of a pattern into the steps of a program.
///
/// A run of one set becomes a single step that gives nothing back where that is the same: where nothing that may follow
/// begins with the set, or where what follows matches at every place.
struct PatternCompiler {
  /// A pattern that becomes longer, by counts within counts, is refused; a run has as many steps as it counts.
  private static let mostSteps = 20_000
  /// Alternatives that one choice holds.
  private static let mostAlternatives = 60

  /// What comes behind a part.
  private struct Follow {
    /// The scalars that may come next.
    var first: ScalarSet
    /// True where what comes next is not bound to these.
    var mayBeEmpty: Bool
    /// True where nothing that comes behind can fail.
    var alwaysMatches: Bool

    /// The end of a pattern.
    static let end = Follow(first: .none, mayBeEmpty: true, alwaysMatches: true)

    /// What comes behind a part that has some others before what comes behind these.
    func behind(_ parts: ArraySlice<PatternNode>) -> Follow {
      let own = PatternNode.first(of: parts)
      return Follow(
        first: own.mayBeEmpty ? own.set.union(first) : own.set, mayBeEmpty: own.mayBeEmpty && mayBeEmpty,
        alwaysMatches: alwaysMatches && parts.allSatisfy(\.alwaysMatches))
    }
  }

  private var program = PatternProgram()
  private var size = 0

  /// The program of a pattern.
  static func compile(_ node: PatternNode) throws(PatternProblem) -> PatternProgram {
    var compiler = PatternCompiler()
    try compiler.add(node, .end)
    try compiler.emit(.end)
    let first = node.first
    if !first.mayBeEmpty { compiler.program.firstSet = compiler.program.number(of: first.set) }
    return compiler.program
  }

  private mutating func emit(_ step: PatternProgram.Step) throws(PatternProblem) {
    size += 1
    if case .run(_, let least, let most, _) = step { size += most == PatternNode.unbounded ? least : most }
    guard size <= Self.mostSteps else {
      throw PatternProblem(text: "counts that make more than \(Self.mostSteps) steps of it")
    }
    program.steps.append(step)
  }

  private var place: Int { program.steps.count }

  private mutating func newSlot() -> Int {
    program.slotCount += 1
    return program.slotCount - 1
  }

  private mutating func add(_ node: PatternNode, _ follow: Follow) throws(PatternProblem) {
    switch node {
    case .set(let set):
      if let scalar = set.single, scalar.isASCII {
        try emit(.byte(UInt8(scalar.value)))
      } else {
        try emit(.set(program.number(of: set)))
      }
    case .sequence(let parts):
      for (index, part) in parts.enumerated() { try add(part, follow.behind(parts[(index + 1)...])) }
    case .alternation(let parts): try addChoice(parts[...], follow)
    case .repeated(let part, let least, let most, let greed): try addRepeated(part, least, most, greed, follow)
    case .look(let part, let ahead, let negated): try addLook(part, ahead: ahead, negated: negated)
    case .atomic(let part):
      let start = place
      try emit(.atomic(next: 0))
      try addTried(part)
      program.steps[start] = .atomic(next: place)
    case .assertion(let assertion): try emit(.assertion(assertion))
    }
  }

  /// A part that is tried for itself, to its own end.
  private mutating func addTried(_ part: PatternNode) throws(PatternProblem) {
    try add(part, .end)
    try emit(.end)
  }

  private mutating func addLook(_ part: PatternNode, ahead: Bool, negated: Bool) throws(PatternProblem) {
    if ahead, case .set(let set) = part { return try emit(.peek(set: program.number(of: set), negated: negated)) }
    let start = place
    try emit(.end)
    try addTried(part)
    program.steps[start] =
      ahead
      ? .lookAhead(negated: negated, next: place)
      : .lookBehind(width: part.width ?? 0, negated: negated, next: place)
  }

  private mutating func addChoice(_ parts: ArraySlice<PatternNode>, _ follow: Follow) throws(PatternProblem) {
    let parts =
      parts.count <= Self.mostAlternatives
      ? Array(parts)
      : Array(parts.prefix(Self.mostAlternatives)) + [.alternation(Array(parts.dropFirst(Self.mostAlternatives)))]
    let table = program.choices.count
    program.choices.append(PatternProgram.Choice())
    try emit(.choice(table: table, slot: newSlot()))
    var choice = PatternProgram.Choice()
    var jumps: [Int] = []
    for (index, part) in parts.enumerated() {
      let first = part.first
      choice.targets.append(place)
      choice.sets.append(first.mayBeEmpty ? nil : program.number(of: first.set))
      if first.mayBeEmpty { choice.empty |= 1 << UInt64(index) }
      for value in 0..<UInt32(128) where first.mayBeEmpty || first.set.contains(value) {
        choice.ascii[Int(value)] |= 1 << UInt64(index)
      }
      try add(part, follow)
      jumps.append(place)
      try emit(.jump(0))
    }
    for jump in jumps { program.steps[jump] = .jump(place) }
    program.choices[table] = choice
  }

  private mutating func addRepeated(
    _ part: PatternNode, _ least: Int, _ most: Int, _ greed: PatternNode.Greed, _ follow: Follow
  ) throws(PatternProblem) {
    if case .set(let set) = part {
      let givesNothingBack =
        least == most || greed == .possessive
        || (greed == .greedy && (follow.alwaysMatches || (!follow.mayBeEmpty && follow.first.isDisjoint(with: set))))
      if givesNothingBack {
        return try emit(.run(set: program.number(of: set), least: least, most: most, slot: newSlot()))
      }
    } else if greed == .possessive {
      return try add(.atomic(.repeated(part, least: least, most: most, .greedy)), follow)
    }
    guard !part.first.mayBeEmpty || most <= 1 else {
      throw PatternProblem(text: "a repetition of what may be empty")
    }
    let again = part.first
    let inner = Follow(
      first: follow.first.union(again.set), mayBeEmpty: follow.mayBeEmpty || again.mayBeEmpty, alwaysMatches: false)
    for count in 0..<least { try add(part, count + 1 == most ? follow : inner) }
    if most == PatternNode.unbounded {
      let start = place
      try emit(.end)
      try add(part, inner)
      try emit(.jump(start))
      program.steps[start] = fork(greed, to: place)
      return
    }
    var forks: [Int] = []
    for count in least..<most {
      forks.append(place)
      try emit(.end)
      try add(part, count + 1 == most ? follow : inner)
    }
    for start in forks { program.steps[start] = fork(greed, to: place) }
  }

  /// The step before a part that may be left out, which ends at a place.
  private mutating func fork(_ greed: PatternNode.Greed, to end: Int) -> PatternProgram.Step {
    greed == .lazy ? .forkAway(other: end, slot: newSlot()) : .fork(other: end, slot: newSlot())
  }
}
