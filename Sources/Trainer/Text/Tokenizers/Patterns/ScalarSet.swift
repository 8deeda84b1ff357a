/// A set of Unicode scalars as an inversion list: the sorted values at which membership changes, beginning outside.
struct ScalarSet: Sendable, Equatable {
  /// One more than the greatest scalar.
  static let end: UInt32 = 0x110000
  /// No scalar.
  static let none = ScalarSet(bounds: [])
  /// Every scalar.
  static let all = ScalarSet(bounds: [0, end])

  /// The values at which membership changes, rising.
  private(set) var bounds: [UInt32]

  private init(bounds: [UInt32]) { self.bounds = bounds }

  /// The scalars of some ranges, in any order.
  init(_ ranges: [ClosedRange<UInt32>]) {
    bounds = []
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = bounds.last, range.lowerBound <= last {
        bounds[bounds.count - 1] = max(last, range.upperBound + 1)
      } else {
        bounds += [range.lowerBound, range.upperBound + 1]
      }
    }
  }

  /// One scalar.
  init(_ scalar: Unicode.Scalar) { bounds = [scalar.value, scalar.value + 1] }

  /// The scalars below `limit` that fulfil a condition.
  init(below limit: UInt32, where isMember: (UInt32) -> Bool) {
    bounds = []
    var inside = false
    for value in 0..<limit where isMember(value) != inside {
      bounds.append(value)
      inside.toggle()
    }
    if inside { bounds.append(limit) }
  }

  var isEmpty: Bool { bounds.isEmpty }

  /// The ranges of the set, rising.
  var ranges: [ClosedRange<UInt32>] {
    stride(from: 0, to: bounds.count, by: 2).map { bounds[$0]...bounds[$0 + 1] - 1 }
  }

  /// The only scalar of the set, or nil where it has none or several.
  var single: Unicode.Scalar? {
    bounds.count == 2 && bounds[1] == bounds[0] + 1 ? Unicode.Scalar(bounds[0]) : nil
  }

  /// True where the set holds a scalar.
  func contains(_ value: UInt32) -> Bool {
    var low = 0
    var high = bounds.count
    while low < high {
      let middle = (low + high) / 2
      if bounds[middle] <= value { low = middle + 1 } else { high = middle }
    }
    return low % 2 == 1
  }

  /// All scalars that the set lacks.
  var inverted: ScalarSet {
    var result = bounds
    if result.first == 0 { result.removeFirst() } else { result.insert(0, at: 0) }
    if result.last == Self.end { result.removeLast() } else { result.append(Self.end) }
    return ScalarSet(bounds: result)
  }

  func union(_ other: ScalarSet) -> ScalarSet { combined(other) { $0 || $1 } }

  func intersection(_ other: ScalarSet) -> ScalarSet { combined(other) { $0 && $1 } }

  func isDisjoint(with other: ScalarSet) -> Bool { intersection(other).isEmpty }

  private func combined(_ other: ScalarSet, _ isMember: (Bool, Bool) -> Bool) -> ScalarSet {
    var result: [UInt32] = []
    result.reserveCapacity(bounds.count + other.bounds.count)
    var (first, second) = (0, 0)
    while first < bounds.count || second < other.bounds.count {
      let value = min(
        first < bounds.count ? bounds[first] : .max, second < other.bounds.count ? other.bounds[second] : .max)
      if first < bounds.count, bounds[first] == value { first += 1 }
      if second < other.bounds.count, other.bounds[second] == value { second += 1 }
      if isMember(first % 2 == 1, second % 2 == 1) != (result.count % 2 == 1) { result.append(value) }
    }
    return ScalarSet(bounds: result)
  }
}
