/// Letters of texts, counted by their Unicode script: a glance at the languages of a dataset.
struct ScriptCount: Sendable {
  /// The scripts that are told apart; letters of all others are counted together.
  private static let names = [
    "Latin", "Han", "Cyrillic", "Arabic", "Devanagari", "Hiragana", "Katakana", "Hangul", "Greek", "Hebrew", "Thai",
    "Bengali", "Tamil", "Telugu", "Gujarati", "Kannada", "Malayalam", "Gurmukhi", "Georgian", "Armenian", "Ethiopic",
    "Khmer", "Lao", "Myanmar", "Sinhala", "Tibetan", "Mongolian",
  ]
  private static let other = "other"
  private static let tableEnd: UInt32 = 0x40000

  /// One more than the script's index for each scalar; 0 where it is in none of `names`.
  private static let table: [UInt8] = {
    var table = [UInt8](repeating: 0, count: Int(tableEnd))
    for (index, name) in names.enumerated() {
      for range in ScalarProperties.foundation(named: name)?.ranges ?? [] where range.upperBound < tableEnd {
        for value in range { table[Int(value)] = UInt8(index + 1) }
      }
    }
    return table
  }()

  private var counts = [Int](repeating: 0, count: names.count + 1)

  /// Counts the letters of a text.
  mutating func add(_ text: String) {
    for scalar in text.unicodeScalars {
      if scalar.isASCII {
        // Latin comes first.
        if ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) { counts[0] += 1 }
      } else if scalar.properties.isAlphabetic {
        let script = scalar.value < Self.tableEnd ? Self.table[Int(scalar.value)] : 0
        counts[script == 0 ? Self.names.count : Int(script) - 1] += 1
      }
    }
  }

  /// The share of each script among the letters, the largest first; scripts without letters are left out.
  var shares: [(name: String, share: Double)] {
    let sum = Double(max(counts.reduce(0, +), 1))
    return zip(Self.names + [Self.other], counts).filter { $0.1 > 0 }.map { ($0.0, Double($0.1) / sum) }
      .sorted { $0.share > $1.share }
  }
}
