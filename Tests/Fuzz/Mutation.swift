import GPUTensor

/// Damages a file. A pure function of the seed and the input's number, so that a finding can be reproduced.
struct Mutation {
  /// Most bytes of an input.
  static let maximumByteCount = 4096

  private var random: SplitMix64
  private let seeds: [[UInt8]]
  private let words: [[UInt8]]

  /// - Parameters:
  ///   - seeds: valid files, at least one.
  ///   - words: texts with a meaning in the format.
  init(seed: UInt64, index: Int, seeds: [[UInt8]], words: [String]) {
    random = SplitMix64(seed: seed &+ UInt64(index) &* 0x9E37_79B9_7F4A_7C15)
    self.seeds = seeds
    self.words = (Self.everywhere + words).map { Array($0.utf8) }
  }

  /// Numbers and signs that often break readers.
  private static let everywhere = [
    "-1", "0", "1e999", "99999999999999999999", "2147483648", "4294967295", "9223372036854775807", "null", "true", "\"",
    "{", "}", "[", "]", "\\u0000", "\\ud800", "\u{0}", "\n", "\r\n", "\u{FEFF}", "\u{1F600}", "e\u{301}",
  ]

  /// The damaged input.
  mutating func input() -> [UInt8] {
    var bytes = seeds[pick(seeds.count)]
    for _ in 0...pick(6) { damage(&bytes) }
    return Array(bytes.prefix(Self.maximumByteCount))
  }

  private mutating func pick(_ count: Int) -> Int { Int(random.next() % UInt64(max(count, 1))) }

  private mutating func range(in bytes: [UInt8]) -> Range<Int> {
    let start = pick(bytes.count + 1)
    return start..<min(bytes.count, start + 1 + pick(pick(2) == 0 ? 8 : 256))
  }

  private mutating func damage(_ bytes: inout [UInt8]) {
    let place = pick(bytes.count)
    let isEmpty = bytes.isEmpty
    switch pick(10) {
    case 0 where !isEmpty: bytes[place] ^= 1 << UInt8(pick(8))
    case 1 where !isEmpty: bytes[place] = UInt8(pick(256))
    case 2 where !isEmpty:
      // A length, offset or count of any width, set to an extreme.
      let extreme: [UInt8] = [[0], [0xFF], [0x7F], [0x80], [0x01], [0x10]][pick(6)]
      for index in place..<min(bytes.count, place + 1 << pick(4)) { bytes[index] = extreme[0] }
    case 3: bytes.removeSubrange(range(in: bytes))
    case 4:
      let copied = Array(bytes[range(in: bytes)])
      for _ in 0...pick(4) { bytes.insert(contentsOf: copied, at: pick(bytes.count + 1)) }
    case 5: bytes.insert(contentsOf: (0...pick(8)).map { _ in UInt8(pick(256)) }, at: pick(bytes.count + 1))
    case 6, 7: bytes.insert(contentsOf: words[pick(words.count)], at: pick(bytes.count + 1))
    case 8:
      let other = seeds[pick(seeds.count)]
      bytes.replaceSubrange(place..<bytes.count, with: other[pick(other.count)...])
    default: bytes.removeLast(min(bytes.count, pick(bytes.count + 1)))
    }
    if bytes.count > 2 * Self.maximumByteCount { bytes.removeLast(bytes.count - Self.maximumByteCount) }
  }
}
