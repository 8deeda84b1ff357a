/// Count of each pair of neighbours in some counted words, kept right while pairs are merged.
struct PairCounts {
  /// A pair by its count when it was queued, which may have changed since.
  private struct Candidate: Comparable {
    var count: Int
    var left: Int32
    var right: Int32

    static func < (first: Candidate, second: Candidate) -> Bool {
      if first.count != second.count { return first.count > second.count }
      return (first.left, first.right) < (second.left, second.right)
    }
  }

  /// The words in symbols.
  private var words: [[Int32]]
  private let wordCounts: [Int]
  /// The place of each pair in the two lists below.
  private var places = PairTable()
  private var counts: [Int] = []
  /// The words that hold a pair, or held it.
  private var holders: [[Int32]] = []
  private var queue = BinaryHeap<Candidate>()

  init(words: [[Int32]], wordCounts: [Int]) {
    self.words = words
    self.wordCounts = wordCounts
    var pairs: [(Int32, Int32)] = []
    for (word, symbols) in words.enumerated() {
      for (left, right) in zip(symbols, symbols.dropFirst()) {
        let place = add(wordCounts[word], left, right, word: word)
        if place == pairs.count { pairs.append((left, right)) }
      }
    }
    for (place, (left, right)) in pairs.enumerated() {
      queue.push(Candidate(count: counts[place], left: left, right: right))
    }
  }

  /// Takes the most frequent pair out, or nil where none occurs often enough.
  mutating func popMostFrequent(atLeast leastCount: Int) -> (left: Int32, right: Int32)? {
    while let candidate = queue.pop() {
      guard let place = places[candidate.left, candidate.right] else { continue }
      let count = counts[Int(place.id)]
      if count == candidate.count {
        if count < leastCount { return nil }
        counts[Int(place.id)] = 0
        return (candidate.left, candidate.right)
      }
      if count > 0 { queue.push(Candidate(count: count, left: candidate.left, right: candidate.right)) }
    }
    return nil
  }

  /// Joins a pair wherever it stands.
  mutating func merge(_ left: Int32, _ right: Int32, into merged: Int32) {
    guard let place = places[left, right] else { return }
    let holders = holders[Int(place.id)]
    self.holders[Int(place.id)] = []
    var grown: [(Int32, Int32)] = []
    for word in holders { merge(left, right, into: merged, word: Int(word), grown: &grown) }
    // What is left of the pair's own count are overlaps, as in "aaa".
    counts[Int(place.id)] = 0
    for (left, right) in grown {
      guard let place = places[left, right], counts[Int(place.id)] > 0 else { continue }
      queue.push(Candidate(count: counts[Int(place.id)], left: left, right: right))
    }
  }

  private mutating func merge(
    _ left: Int32, _ right: Int32, into merged: Int32, word: Int, grown: inout [(Int32, Int32)]
  ) {
    let symbols = words[word]
    let count = wordCounts[word]
    var result: [Int32] = []
    result.reserveCapacity(symbols.count)
    func grow(_ left: Int32, _ right: Int32, _ counts: inout PairCounts) {
      counts.add(count, left, right, word: word)
      if let last = grown.last, last == (left, right) { return }
      grown.append((left, right))
    }
    var index = 0
    while index < symbols.count {
      guard symbols[index] == left, index + 1 < symbols.count, symbols[index + 1] == right else {
        result.append(symbols[index])
        index += 1
        continue
      }
      if let before = result.last {
        add(-count, before, left, word: word)
        grow(before, merged, &self)
      }
      if index + 2 < symbols.count {
        add(-count, right, symbols[index + 2], word: word)
        grow(merged, symbols[index + 2], &self)
      }
      result.append(merged)
      index += 2
    }
    words[word] = result
  }

  /// Adds to a pair's count; the pair's place.
  @discardableResult
  private mutating func add(_ count: Int, _ left: Int32, _ right: Int32, word: Int) -> Int {
    let place: Int
    if let known = places[left, right] {
      place = Int(known.id)
    } else {
      place = counts.count
      places.insert(left, right, .init(rank: 0, id: Int32(truncatingIfNeeded: place)))
      counts.append(0)
      holders.append([])
    }
    counts[place] += count
    if count > 0, holders[place].last != Int32(truncatingIfNeeded: word) {
      holders[place].append(Int32(truncatingIfNeeded: word))
    }
    return place
  }
}
