/// Finds the matches of a program in texts, by backtracking in linear time.
///
/// The first ways to go on that fail cost nothing but themselves. When a text has taken `freeStepsPerByte` steps a byte,
/// each fork that fails at a place is remembered from there on, and is not tried there again, whatever led to it: groups
/// capture nothing, so what follows depends on step and place alone. So no text takes more than a constant times its
/// bytes times the program's steps. What is tried for itself (look-ahead, atomic groups) is remembered with its end too.
/// - Source: Norvig 1991, "Techniques for automatic memoization with applications to context-free parsing"; the bit table
///   is that of RE2's bitstate.
struct PatternMatcher {
  /// Steps a byte that are taken before failures are remembered.
  private static let freeStepsPerByte = 32

  /// A way to go on, or (with a negative step) a fork whose ways have all failed once it is reached.
  private struct Frame {
    var step: Int32
    var place: Int
  }

  private let program: PatternProgram
  private let bytes: UnsafeBufferPointer<UInt8>
  private var start = 0
  private var end = 0
  private var frames: [Frame] = []
  private var freeSteps = 0
  private var remembers = false
  /// For each slot a bit for each place where it failed; empty until the first.
  private var failures: [[UInt64]]
  /// For each slot the ends of what was tried for itself, by place.
  private var ends: [[Int: Int]]
  /// For each slot the last run, of which every rest ends at the same place.
  private var runs: [Range<Int>]

  /// - Parameter bytes: valid UTF-8.
  init(_ program: PatternProgram, in bytes: UnsafeBufferPointer<UInt8>) {
    self.program = program
    self.bytes = bytes
    failures = Array(repeating: [], count: program.slotCount)
    ends = Array(repeating: [:], count: program.slotCount)
    runs = Array(repeating: 0..<0, count: program.slotCount)
  }

  /// Calls `body` with every match in a part of the bytes, outside of which nothing is seen.
  ///
  /// An empty match directly behind another is passed over, as in `tokenizers`.
  mutating func forEachMatch(in part: Range<Int>, _ body: (Range<Int>) -> Void) {
    (start, end) = (part.lowerBound, part.upperBound)
    freeSteps = Self.freeStepsPerByte * part.count + 1024
    if remembers { forget() }
    for slot in runs.indices { runs[slot] = 0..<0 }
    var place = start
    var lastEnd = -1
    while place <= end, let match = nextMatch(from: place) {
      if match.isEmpty, match.lowerBound == lastEnd {
        place += match.lowerBound < end ? length(at: place) : 1
        continue
      }
      body(match)
      place = match.upperBound
      lastEnd = place
    }
  }

  private mutating func forget() {
    remembers = false
    for slot in failures.indices {
      failures[slot] = []
      ends[slot] = [:]
    }
  }

  /// The first match that begins at a place or behind it.
  private mutating func nextMatch(from place: Int) -> Range<Int>? {
    var place = place
    while place <= end {
      if let first = program.firstSet {
        while place < end {
          let (value, length) = scalar(at: place)
          if program.contains(first, value) { break }
          place += length
        }
        if place >= end { return nil }
      }
      if let matchEnd = run(from: 0, at: place, isTried: false) { return place..<matchEnd }
      if place == end { return nil }
      place += length(at: place)
    }
    return nil
  }

  // MARK: Steps

  /// The place at which the steps reach their `end`, or nil where they fail.
  /// - Parameter isTried: true for a part that is tried for itself.
  private mutating func run(from first: Int, at origin: Int, isTried: Bool) -> Int? {
    let base = frames.count
    var step = first
    var place = origin
    while true {
      freeSteps -= 1
      if freeSteps == 0 { remembers = true }
      var fails = false
      switch program.steps[step] {
      case .set(let set):
        if place < end {
          let (value, length) = scalar(at: place)
          if program.contains(set, value) { place += length } else { fails = true }
        } else {
          fails = true
        }
        step += 1
      case .byte(let byte):
        if place < end, bytes[place] == byte { place += 1 } else { fails = true }
        step += 1
      case .run(let set, let least, let most, let slot):
        if let end = runEnd(set, least, most, slot, from: place) { place = end } else { fails = true }
        step += 1
      case .fork(let other, let slot), .forkAway(let other, let slot):
        if remembers {
          if isTried, let end = ends[slot][place] { return succeed(base, end, isTried) }
          if hasFailed(slot, place) { fails = true } else { frames.append(Frame(step: Int32(~slot), place: place)) }
        }
        if case .fork = program.steps[step] {
          if !fails { frames.append(Frame(step: Int32(other), place: place)) }
          step += 1
        } else {
          if !fails { frames.append(Frame(step: Int32(step + 1), place: place)) }
          step = other
        }
      case .choice(let table, let slot):
        if remembers {
          if isTried, let end = ends[slot][place] { return succeed(base, end, isTried) }
          if hasFailed(slot, place) { fails = true } else { frames.append(Frame(step: Int32(~slot), place: place)) }
        }
        if !fails, let target = choose(table, at: place) { step = target } else { fails = true }
      case .jump(let target): step = target
      case .peek(let set, let negated):
        fails = (place < end && program.contains(set, scalar(at: place).value)) == negated
        step += 1
      case .lookAhead(let negated, let next):
        fails = (run(from: step + 1, at: place, isTried: true) != nil) == negated
        step = next
      case .lookBehind(let width, let negated, let next):
        let before = back(width, from: place)
        fails = (before.flatMap { run(from: step + 1, at: $0, isTried: true) } != nil) == negated
        step = next
      case .atomic(let next):
        if let end = run(from: step + 1, at: place, isTried: true) { place = end } else { fails = true }
        step = next
      case .assertion(let assertion):
        fails = !holds(assertion, at: place)
        step += 1
      case .end: return succeed(base, place, isTried)
      }
      guard fails else { continue }
      guard let frame = resume(base) else { return nil }
      (step, place) = (Int(frame.step), frame.place)
    }
  }

  /// Ends a part at a place; the forks that led there have this end.
  private mutating func succeed(_ base: Int, _ place: Int, _ isTried: Bool) -> Int {
    if isTried, remembers {
      for frame in frames[base...] where frame.step < 0 { ends[Int(~frame.step)][frame.place] = place }
    }
    frames.removeLast(frames.count - base)
    return place
  }

  /// The next way to go on; forks without any are remembered.
  private mutating func resume(_ base: Int) -> Frame? {
    while frames.count > base {
      let frame = frames.removeLast()
      if frame.step >= 0 { return frame }
      let slot = Int(~frame.step)
      if failures[slot].isEmpty { failures[slot] = Array(repeating: 0, count: (end - start) / 64 + 1) }
      failures[slot][(frame.place - start) / 64] |= 1 << UInt64((frame.place - start) % 64)
    }
    return nil
  }

  private func hasFailed(_ slot: Int, _ place: Int) -> Bool {
    !failures[slot].isEmpty && failures[slot][(place - start) / 64] >> UInt64((place - start) % 64) & 1 == 1
  }

  /// The first alternative that may begin at a place; the others wait.
  private mutating func choose(_ table: Int, at place: Int) -> Int? {
    var candidates = program.choices[table].empty
    if place < end {
      let byte = bytes[place]
      if byte < 0x80 {
        candidates = program.choices[table].ascii[Int(byte)]
      } else {
        let value = scalar(at: place).value
        for (index, set) in program.choices[table].sets.enumerated() {
          if let set, program.contains(set, value) { candidates |= 1 << UInt64(index) }
        }
      }
    }
    guard candidates != 0 else { return nil }
    let first = candidates.trailingZeroBitCount
    candidates &= candidates - 1
    while candidates != 0 {
      let last = 63 - candidates.leadingZeroBitCount
      frames.append(Frame(step: Int32(program.choices[table].targets[last]), place: place))
      candidates &= ~(1 << UInt64(last))
    }
    return program.choices[table].targets[first]
  }

  private mutating func runEnd(_ set: Int, _ least: Int, _ most: Int, _ slot: Int, from origin: Int) -> Int? {
    var place = origin
    var count = 0
    // From within the last run on, its end is known.
    let known = most == PatternNode.unbounded ? runs[slot] : 0..<0
    while place < end, count < most {
      if count >= least, known.contains(place) {
        runs[slot] = min(origin, known.lowerBound)..<known.upperBound
        return known.upperBound
      }
      let (value, length) = scalar(at: place)
      guard program.contains(set, value) else { break }
      place += length
      count += 1
    }
    if most == PatternNode.unbounded { runs[slot] = origin..<place }
    return count >= least ? place : nil
  }

  // MARK: Places

  @inline(__always)
  private func scalar(at place: Int) -> (value: UInt32, length: Int) {
    let first = bytes[place]
    if first < 0x80 { return (UInt32(first), 1) }
    if first < 0xE0 { return (UInt32(first & 0x1F) << 6 | UInt32(bytes[place + 1] & 0x3F), 2) }
    let middle = UInt32(bytes[place + 1] & 0x3F) << 6 | UInt32(bytes[place + 2] & 0x3F)
    if first < 0xF0 { return (UInt32(first & 0x0F) << 12 | middle, 3) }
    return (UInt32(first & 0x07) << 18 | middle << 6 | UInt32(bytes[place + 3] & 0x3F), 4)
  }

  private func length(at place: Int) -> Int {
    let first = bytes[place]
    return first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
  }

  /// The place some scalars before another, or nil where the text has not as many.
  private func back(_ count: Int, from place: Int) -> Int? {
    var place = place
    for _ in 0..<count {
      guard place > start else { return nil }
      place -= 1
      while place > start, bytes[place] & 0xC0 == 0x80 { place -= 1 }
    }
    return place
  }

  private func holds(_ assertion: PatternNode.Assertion, at place: Int) -> Bool {
    switch assertion {
    case .textStart: return place == start
    case .textEnd: return place == end
    case .lineStart: return place == start || (place < end && bytes[place - 1] == 0x0A)
    case .lineEnd: return place == end || bytes[place] == 0x0A
    case .lastLineEnd: return place == end || (place == end - 1 && bytes[place] == 0x0A)
    case .wordBoundary: return isWord(before: place) != isWord(at: place)
    case .noWordBoundary: return isWord(before: place) == isWord(at: place)
    }
  }

  private func isWord(at place: Int) -> Bool {
    place < end && ScalarProperties.wordAlone.contains(scalar(at: place).value)
  }

  private func isWord(before place: Int) -> Bool { back(1, from: place).map { isWord(at: $0) } ?? false }
}
