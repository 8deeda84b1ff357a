/// The scripts by which the pre-tokenizer `UnicodeScripts` cuts texts: Unicode's, but for kana, which counts as Han.
///
/// A space, and a character without a script, belongs to the script before it; before the first script it is dropped.
/// - Source: tokenizers/src/pre_tokenizers/unicode_scripts of huggingface/tokenizers, after SentencePiece.
enum UnicodeScripts {
  /// Number of what belongs to any script.
  private static let any: UInt8 = 0

  /// Cuts every word where the script changes.
  static func cut(_ text: inout PreTokenizedText) {
    var words: [Range<Int>] = []
    for word in text.words {
      var offset = word.lowerBound
      var start: Int?
      var last = any
      while offset < word.upperBound {
        let (scalar, length) = UTF8Reader.scalar(in: text.bytes, at: offset)
        let script = scalar == " " ? any : number(of: scalar.value)
        if script != any, script != last {
          if let start { words.append(start..<offset) }
          start = offset
          last = script
        }
        offset += length
      }
      if let start { words.append(start..<word.upperBound) }
    }
    text.words = words
  }

  private static func number(of value: UInt32) -> UInt8 {
    var low = 0
    var high = ranges.count
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].range.upperBound < value { low = middle + 1 } else { high = middle }
    }
    return low < ranges.count && ranges[low].range.contains(value) ? ranges[low].script : any
  }

  /// The ranges of every script, rising.
  private static let ranges: [(range: ClosedRange<UInt32>, script: UInt8)] = {
    var ranges: [(range: ClosedRange<UInt32>, script: UInt8)] = []
    for (index, name) in names.split(separator: " ").enumerated() {
      guard let set = ScalarProperties.foundation(named: "Script=\(name)") else { continue }
      // The long vowel mark of kana is common to two scripts.
      let own = name == "Han" ? set.union(ScalarSet("\u{30FC}")) : name == "Common" ? commonWithoutMark(set) : set
      let script = ["Hiragana", "Katakana"].contains(name) ? han : UInt8(index + 1)
      ranges += own.ranges.map { ($0, script) }
    }
    return ranges.sorted { $0.range.lowerBound < $1.range.lowerBound }
  }()

  private static func commonWithoutMark(_ set: ScalarSet) -> ScalarSet {
    set.intersection(ScalarSet("\u{30FC}").inverted)
  }

  private static let han: UInt8 = 1

  /// The scripts of Unicode 10, which `tokenizers` knows; Han is the first.
  private static let names = """
    Han Common Inherited Latin Greek Cyrillic Armenian Hebrew Arabic Syriac Thaana Devanagari Bengali Gurmukhi Gujarati \
    Oriya Tamil Telugu Kannada Malayalam Sinhala Thai Lao Tibetan Myanmar Georgian Hangul Ethiopic Cherokee \
    Canadian_Aboriginal Ogham Runic Khmer Mongolian Hiragana Katakana Bopomofo Yi Old_Italic Gothic Deseret Tagalog \
    Hanunoo Buhid Tagbanwa Limbu Tai_Le Linear_B Ugaritic Shavian Osmanya Cypriot Braille Buginese Coptic New_Tai_Lue \
    Glagolitic Tifinagh Syloti_Nagri Old_Persian Kharoshthi Balinese Cuneiform Phoenician Phags_Pa Nko Sundanese Lepcha \
    Ol_Chiki Vai Saurashtra Kayah_Li Rejang Lycian Carian Lydian Cham Tai_Tham Tai_Viet Avestan Egyptian_Hieroglyphs \
    Samaritan Lisu Bamum Javanese Meetei_Mayek Imperial_Aramaic Old_South_Arabian Inscriptional_Parthian \
    Inscriptional_Pahlavi Old_Turkic Kaithi Batak Brahmi Mandaic Chakma Meroitic_Cursive Meroitic_Hieroglyphs Miao \
    Sharada Sora_Sompeng Takri Caucasian_Albanian Bassa_Vah Duployan Elbasan Grantha Pahawh_Hmong Khojki Linear_A \
    Mahajani Manichaean Mende_Kikakui Modi Mro Old_North_Arabian Nabataean Palmyrene Pau_Cin_Hau Old_Permic \
    Psalter_Pahlavi Siddham Khudawadi Tirhuta Warang_Citi Ahom Anatolian_Hieroglyphs Hatran Multani Old_Hungarian \
    SignWriting Adlam Bhaiksuki Marchen Newa Osage Tangut
    """
}
