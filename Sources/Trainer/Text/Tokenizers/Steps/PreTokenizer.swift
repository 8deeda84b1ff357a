/// A text on its way to the merges: its bytes, and the ranges of them that merge apart from each other.
package struct PreTokenizedText {
  /// The text in UTF-8.
  package var bytes: [UInt8]
  /// The words as ranges of `bytes`, in order.
  package var words: [Range<Int>]

  package init(bytes: [UInt8], words: [Range<Int>]) {
    self.bytes = bytes
    self.words = words
  }
}

/// One step that cuts a text into words, named as in `tokenizer.json`.
package indirect enum PreTokenizer: Sendable, Equatable {
  /// `Digits`: each digit, or each run of digits, apart.
  case digits(individually: Bool)
  /// `ByteLevel`: a space before each word that has none, and GPT-2's words.
  case byteLevel(addsPrefixSpace: Bool, splitsWords: Bool)
  /// `Split` by Llama 3's pattern, with numbers of at most this many digits.
  case llama3Words(digits: Int)
  /// `Split` by GPT-2's pattern.
  case gpt2Words
  /// `Split` at some literals; each becomes a word of its own.
  case literals(Literals)
  /// `Metaspace`: "▁" for " ", and one before the text.
  case metaspace(PrependScheme, splitsWords: Bool)
  /// `Metaspace` with another mark than "▁".
  case spaceMark(Unicode.Scalar, PrependScheme, splitsWords: Bool)
  /// `Split` by any other pattern.
  case split(PatternSplit)
  /// `Punctuation`.
  case punctuation(SplitBehavior)
  /// `Whitespace`: words and runs of signs, without the white space.
  case whitespace
  /// `WhitespaceSplit`: what white space parts.
  case whitespaceSplit
  /// `CharDelimiterSplit`: what a character parts.
  case delimiter(Unicode.Scalar)
  /// `UnicodeScripts`: stretches of one script.
  case unicodeScripts
  /// `FixedLength`: so many characters each.
  case fixedLength(Int)
  /// A cut of the text as a `ByteLevel` before it spells it, in `ByteAlphabet`.
  case spelledInBytes(PreTokenizer)

  /// The texts that get a "▁" before them.
  package enum PrependScheme: String, Sendable {
    case always, first, never
  }

  /// Cuts every word further.
  /// - Parameter isFirst: whether the text stands at the very beginning of what is encoded
  package func apply(to text: inout PreTokenizedText, isFirst: Bool) {
    switch self {
    case .digits(let individually): cutDigits(&text, individually: individually)
    case .byteLevel(let addsPrefixSpace, let splitsWords):
      if addsPrefixSpace { prefix(&text, with: [0x20], where: { _ in true }) }
      if splitsWords { cut(&text) { $0.gpt2WordEnd(from: $1) } }
    case .llama3Words(let digits): cut(&text) { $0.llama3WordEnd(from: $1, digits: digits) }
    case .gpt2Words: cut(&text) { $0.gpt2WordEnd(from: $1) }
    case .literals(let literals): cutLiterals(&text, literals)
    case .metaspace(let scheme, let splitsWords):
      markSpaces(&text, Metaspace.bytes, scheme, splitsWords: splitsWords, isFirst: isFirst)
    case .spaceMark(let mark, let scheme, let splitsWords):
      markSpaces(&text, Array(String(mark).utf8), scheme, splitsWords: splitsWords, isFirst: isFirst)
    case .split(let split): text.words = split.words(of: text.words, in: text.bytes)
    case .punctuation(let behavior):
      text.words = PatternSplit.punctuation(behavior).words(of: text.words, in: text.bytes)
    case .whitespace: text.words = PatternSplit.words.words(of: text.words, in: text.bytes)
    case .whitespaceSplit: text.words = PatternSplit.whitespace.words(of: text.words, in: text.bytes)
    case .delimiter(let scalar):
      text.words = PatternSplit.delimiter(scalar).words(of: text.words, in: text.bytes)
    case .unicodeScripts: UnicodeScripts.cut(&text)
    case .fixedLength(let length): cutLengths(&text, length)
    case .spelledInBytes(let step): applySpelled(step, to: &text, isFirst: isFirst)
    }
  }

  /// Applies a step to the text as `ByteAlphabet` spells it, a character a byte.
  private func applySpelled(_ step: PreTokenizer, to text: inout PreTokenizedText, isFirst: Bool) {
    var spelled = PreTokenizedText(bytes: [], words: [])
    var starts: [Int] = []
    for byte in text.bytes {
      starts.append(spelled.bytes.count)
      spelled.bytes += UTF8.encode(ByteAlphabet.scalars[Int(byte)]) ?? .init()
    }
    starts.append(spelled.bytes.count)
    var places = [Int](repeating: 0, count: spelled.bytes.count + 1)
    for (place, start) in starts.enumerated() { places[start] = place }
    spelled.words = text.words.map { starts[$0.lowerBound]..<starts[$0.upperBound] }
    step.apply(to: &spelled, isFirst: isFirst)
    text.words = spelled.words.map { places[$0.lowerBound]..<places[$0.upperBound] }
  }

  private func cutLengths(_ text: inout PreTokenizedText, _ length: Int) {
    var words: [Range<Int>] = []
    for word in text.words {
      var start = word.lowerBound
      var count = 0
      for offset in word where text.bytes[offset] & 0xC0 != 0x80 {
        if count == length {
          words.append(start..<offset)
          (start, count) = (offset, 0)
        }
        count += 1
      }
      if start < word.upperBound { words.append(start..<word.upperBound) }
    }
    text.words = words
  }

  private func markSpaces(
    _ text: inout PreTokenizedText, _ mark: [UInt8], _ scheme: PrependScheme, splitsWords: Bool, isFirst: Bool
  ) {
    replaceSpaces(&text, by: mark)
    if scheme != .never { prefix(&text, with: mark) { scheme == .always || (isFirst && $0 == 0) } }
    if splitsWords { cut(&text, before: mark) }
  }

  private func cut(_ text: inout PreTokenizedText, wordEnd: (WordScanner, Int) -> Int) {
    var words: [Range<Int>] = []
    words.reserveCapacity(text.bytes.count / 4)
    for word in text.words {
      let scanner = WordScanner(text.bytes, end: word.upperBound)
      var start = word.lowerBound
      while start < word.upperBound {
        let end = wordEnd(scanner, start)
        words.append(start..<end)
        start = end
      }
    }
    text.words = words
  }

  private func cutLiterals(_ text: inout PreTokenizedText, _ literals: Literals) {
    var words: [Range<Int>] = []
    for word in text.words {
      var start = word.lowerBound
      var offset = start
      while offset < word.upperBound {
        guard let end = literals.end(in: text.bytes, at: offset, before: word.upperBound) else {
          offset += 1
          continue
        }
        if start < offset { words.append(start..<offset) }
        words.append(offset..<end)
        start = end
        offset = end
      }
      if start < offset { words.append(start..<offset) }
    }
    text.words = words
  }

  private func cutDigits(_ text: inout PreTokenizedText, individually: Bool) {
    var words: [Range<Int>] = []
    for word in text.words {
      var start = word.lowerBound
      var offset = start
      var previous = false
      while offset < word.upperBound {
        let next = ScannedCharacter(text.bytes, at: offset)
        let isDigit = next.characterClass == .number
        if offset > start, isDigit != previous || (isDigit && individually) {
          words.append(start..<offset)
          start = offset
        }
        previous = isDigit
        offset += next.length
      }
      if start < offset { words.append(start..<offset) }
    }
    text.words = words
  }

  /// Puts `mark` before each word that is chosen by its number and does not begin with it already.
  private func prefix(_ text: inout PreTokenizedText, with mark: [UInt8], where isChosen: (Int) -> Bool) {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.bytes.count + mark.count)
    for (index, word) in text.words.enumerated() {
      let start = bytes.count
      if isChosen(index), !text.bytes[word].starts(with: mark) { bytes += mark }
      bytes += text.bytes[word]
      text.words[index] = start..<bytes.count
    }
    text.bytes = bytes
  }

  private func replaceSpaces(_ text: inout PreTokenizedText, by mark: [UInt8]) {
    var bytes: [UInt8] = []
    for (index, word) in text.words.enumerated() {
      let start = bytes.count
      for byte in text.bytes[word] {
        if byte == 0x20 { bytes += mark } else { bytes.append(byte) }
      }
      text.words[index] = start..<bytes.count
    }
    text.bytes = bytes
  }

  private func cut(_ text: inout PreTokenizedText, before mark: [UInt8]) {
    var words: [Range<Int>] = []
    for word in text.words {
      var start = word.lowerBound
      for offset in word.dropFirst() where text.bytes[offset..<word.upperBound].starts(with: mark) {
        words.append(start..<offset)
        start = offset
      }
      if start < word.upperBound { words.append(start..<word.upperBound) }
    }
    text.words = words
  }
}

/// SentencePiece's visible stand-in for a space.
enum Metaspace {
  /// The character "▁".
  static let text = "\u{2581}"
  /// The character in UTF-8.
  static let bytes: [UInt8] = [0xE2, 0x96, 0x81]
}
