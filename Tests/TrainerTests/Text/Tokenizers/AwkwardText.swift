import Foundation
import TestSupport

/// Lines that are awkward to cut, the same as Tests/Goldens/tokenizers/awkward_text.py makes.
enum AwkwardText {
  /// The lines of a kind, "prose", "code", "chat" or "fuzz"; each has one to 24 entries of the kind's alphabet.
  static func lines(_ kind: String, _ count: Int) throws -> [String] {
    let data = try Data(contentsOf: TestData.golden("tokenizers/patterns/alphabets.json"))
    let alphabet = try JSONDecoder().decode([String: [String]].self, from: data)[kind] ?? []
    var generator = Xorshift(state: 0x9E37_79B9_7F4A_7C15)
    return (0..<count).map { _ in
      var line = ""
      for _ in 0..<1 + generator.below(24) {
        let entry = alphabet[generator.below(alphabet.count)]
        line += String(repeating: entry, count: generator.below(8) != 0 ? 1 : 2 + generator.below(4))
      }
      return line
    }
  }

  /// A hash of each hundred lines' numbers, each line's with −1 behind them: FNV-1a, 64 bits, four bytes a number.
  static func hashes(_ lines: [String], _ numbers: (String) -> [Int32]) -> [String] {
    stride(from: 0, to: lines.count, by: 100).map { start in
      var hash: UInt64 = 0xCBF2_9CE4_8422_2325
      for line in lines[start..<min(start + 100, lines.count)] {
        for number in numbers(line) + [-1] {
          for shift in stride(from: 0, to: 32, by: 8) {
            hash = (hash ^ UInt64(UInt32(bitPattern: number) >> UInt32(shift) & 0xFF)) &* 0x100_0000_01B3
          }
        }
      }
      let digits = String(hash, radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }
  }

  private struct Xorshift {
    var state: UInt64

    mutating func below(_ bound: Int) -> Int {
      state ^= state >> 12
      state ^= state << 25
      state ^= state >> 27
      // The upper 31 bits: the lower ones are weaker.
      return Int((state &* 0x2545_F491_4F6C_DD1D) >> 33) % bound
    }
  }
}
