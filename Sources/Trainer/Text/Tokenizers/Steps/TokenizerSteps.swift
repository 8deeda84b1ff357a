import Foundation

/// The normalizer, the pre-tokenizer and the decoder of a `tokenizer.json`.
struct TokenizerSteps {
  private(set) var normalizers: [Normalizer] = []
  private(set) var preTokenizers: [PreTokenizer] = []
  private(set) var decodesMetaspace = false
  private(set) var decoding: [Normalizer] = []
  private(set) var stripsLeadingSpace = false

  /// More steps than these no tokenizer has; each goes through all of a text.
  private static let mostSteps = 256

  private let reader: TokenizerFileReader
  /// True behind a decoder that joins the pieces.
  private var isFused = false

  init(_ json: JSON, reader: TokenizerFileReader) throws(TokenizerError) {
    self.reader = reader
    var growth = TextGrowth()
    for (step, place) in try steps(json["normalizer"], "normalizer", list: "normalizers") {
      let normalizer = try normalizer(step, place)
      growth.add(normalizer)
      guard growth.isBounded else {
        throw reader.malformed(place, TextGrowth.problem)
      }
      normalizers.append(normalizer)
    }
    for (step, place) in try steps(json["pre_tokenizer"], "pre_tokenizer", list: "pretokenizers") {
      try add(try preTokenizer(step, place), place)
    }
    for (step, place) in try steps(json["decoder"], "decoder", list: "decoders") { try addDecoder(step, place) }
    // "▁" for a space is what vocabularies have anyway.
    if decoding == [.replace(Metaspace.text, with: " ")] { decoding = [] }
  }

  /// True where the merges begin from bytes.
  private(set) var isByteLevel = false

  /// Adds a pre-tokenizer; those behind a `ByteLevel` see the text as it spells bytes, and may only cut it.
  private mutating func add(_ step: PreTokenizer, _ place: String) throws(TokenizerError) {
    switch step {
    case .byteLevel, .metaspace, .spaceMark:
      if isByteLevel { throw reader.unsupported(place, "a step after ByteLevel that changes the text") }
      preTokenizers.append(step)
    default: preTokenizers.append(isByteLevel ? .spelledInBytes(step) : step)
    }
    if case .byteLevel = step { isByteLevel = true }
  }

  /// The steps of a section, with those of a `Sequence` laid out flat.
  private func steps(
    _ section: JSON?, _ place: String, list: String
  ) throws(TokenizerError) -> [(JSON, String)] {
    guard let section, !section.isNull else { return [] }
    guard let type = section["type"]?.string else { throw reader.malformed(place, "no type") }
    guard type == "Sequence" else { return [(section, place)] }
    guard let elements = section[list]?.array else { throw reader.malformed("\(place).\(list)", "no list") }
    var flat: [(JSON, String)] = []
    for (index, element) in elements.enumerated() {
      flat += try steps(element, "\(place).\(list)[\(index)]", list: list)
      guard flat.count <= Self.mostSteps else {
        throw reader.malformed("\(place).\(list)[\(index)]", "more than \(Self.mostSteps) steps")
      }
    }
    return flat
  }

  private func normalizer(_ step: JSON, _ place: String) throws(TokenizerError) -> Normalizer {
    let type = step["type"]?.string ?? ""
    if let form = Normalizer.Form(rawValue: type) { return .form(form) }
    switch type {
    case "Prepend":
      guard let prefix = step["prepend"]?.string else { throw reader.malformed(place, "no prepend") }
      return .prepend(prefix)
    case "Replace":
      if let pattern = step["pattern"]?["Regex"]?.string, let content = step["content"]?.string,
        let known = ReplacePattern.step(of: pattern, content: content)
      {
        return known
      }
      return try replacement(step, place)
    case "Precompiled":
      guard let text = step["precompiled_charsmap"]?.string, let blob = Data(base64Encoded: text),
        let map = CharacterMap(Array(blob))
      else { throw reader.malformed("\(place).precompiled_charsmap", "no character map in base64") }
      return .characterMap(map, .clusters)
    case "Lowercase": return .lowercase
    case "Strip":
      return .strip(left: step["strip_left"]?.bool ?? true, right: step["strip_right"]?.bool ?? true)
    default: throw reader.unsupported(place, "the normalizer \(type)")
    }
  }

  private func replacement(_ step: JSON, _ place: String) throws(TokenizerError) -> Normalizer {
    guard let content = step["content"]?.string, let pattern = step["pattern"] else {
      throw reader.malformed(place, "no pattern or no content")
    }
    if let literal = pattern["String"]?.string, !literal.isEmpty { return .replace(literal, with: content) }
    let source = pattern["Regex"]?.string ?? ""
    do throws(PatternProblem) {
      return .replaceMatches(try TextPattern(source), with: content)
    } catch {
      throw reader.unsupported(place, "Replace by the pattern \(source), which has \(error.text)")
    }
  }

  private func preTokenizer(_ step: JSON, _ place: String) throws(TokenizerError) -> PreTokenizer {
    let type = step["type"]?.string ?? ""
    switch type {
    case "ByteLevel":
      return .byteLevel(
        addsPrefixSpace: step["add_prefix_space"]?.bool ?? true, splitsWords: step["use_regex"]?.bool ?? true)
    case "Digits": return .digits(individually: step["individual_digits"]?.bool ?? false)
    case "Split": return try split(step, place)
    case "Metaspace": return try metaspace(step, place)
    case "Punctuation": return .punctuation(try behavior(step["behavior"] ?? "Isolated", place))
    case "Whitespace": return .whitespace
    case "WhitespaceSplit": return .whitespaceSplit
    case "UnicodeScripts": return .unicodeScripts
    case "CharDelimiterSplit":
      guard let scalar = Self.scalar(step["delimiter"]) else { throw reader.malformed(place, "no delimiter") }
      return .delimiter(scalar)
    case "FixedLength":
      guard let length = (step["length"] ?? 5).tokenID, length > 0 else { throw reader.malformed(place, "no length") }
      return .fixedLength(Int(length))
    default: throw reader.unsupported(place, "the pre-tokenizer \(type)")
    }
  }

  private func split(_ step: JSON, _ place: String) throws(TokenizerError) -> PreTokenizer {
    let literal = step["pattern"]?["String"]?.string
    guard let pattern = step["pattern"]?["Regex"]?.string ?? literal.map(TextPattern.escaped) else {
      throw reader.malformed(place, "no pattern")
    }
    let behavior = try behavior(step["behavior"] ?? .null, place)
    do throws(PatternProblem) {
      return try SplitPattern.step(of: pattern, behavior, isInverted: step["invert"]?.bool ?? false)
    } catch {
      throw reader.unsupported(place, "Split by the pattern \(pattern), which has \(error.text)")
    }
  }

  private func behavior(_ value: JSON, _ place: String) throws(TokenizerError) -> SplitBehavior {
    guard let behavior = value.string.flatMap(SplitBehavior.init) else {
      throw reader.unsupported(place, "the behavior \(value.string ?? "?")")
    }
    return behavior
  }

  /// A text of one character.
  private static func scalar(_ value: JSON?) -> Unicode.Scalar? {
    guard let scalars = value?.string?.unicodeScalars, scalars.count == 1 else { return nil }
    return scalars.first
  }

  private func metaspace(_ step: JSON, _ place: String) throws(TokenizerError) -> PreTokenizer {
    let scheme = try prependScheme(step, place)
    let splitsWords = step["split"]?.bool ?? true
    let mark = try mark(step, place)
    return String(mark) == Metaspace.text
      ? .metaspace(scheme, splitsWords: splitsWords) : .spaceMark(mark, scheme, splitsWords: splitsWords)
  }

  /// The character that stands for a space.
  private func mark(_ step: JSON, _ place: String) throws(TokenizerError) -> Unicode.Scalar {
    guard let mark = Self.scalar(step["replacement"] ?? .string(Metaspace.text)) else {
      throw reader.malformed(place, "a replacement that is not one character")
    }
    return mark
  }

  private func prependScheme(
    _ step: JSON, _ place: String
  ) throws(TokenizerError) -> PreTokenizer.PrependScheme {
    // Before there were schemes there was a flag.
    if let name = step["prepend_scheme"]?.string {
      guard let scheme = PreTokenizer.PrependScheme(rawValue: name) else {
        throw reader.unsupported(place, "the prepend_scheme \(name)")
      }
      return scheme
    }
    return step["add_prefix_space"]?.bool ?? true ? .always : .never
  }

  private mutating func addDecoder(_ step: JSON, _ place: String) throws(TokenizerError) {
    let type = step["type"]?.string ?? ""
    switch type {
    case "ByteLevel", "ByteFallback": break
    case "Fuse": isFused = true
    case "Replace":
      // Behind Fuse it would see the whole text, not each piece; ByteLevel's pieces are not spelled in characters.
      guard !isFused, !isByteLevel else {
        throw reader.unsupported(place, "the decoder Replace beside ByteLevel or Fuse")
      }
      try addDecoding(try replacement(step, place), place)
    case "Strip":
      guard step["content"]?.string == " ", (step["stop"]?.tokenID ?? 0) == 0, let count = step["start"]?.tokenID,
        count <= 1
      else { throw reader.unsupported(place, "the decoder Strip of anything but one space at the start") }
      stripsLeadingSpace = stripsLeadingSpace || count == 1
    case "Metaspace":
      try addDecoding(.replace(String(try mark(step, place)), with: " "), place)
      stripsLeadingSpace = try prependScheme(step, place) != .never
    default: throw reader.unsupported(place, "the decoder \(type)")
    }
  }

  private mutating func addDecoding(_ replacement: Normalizer, _ place: String) throws(TokenizerError) {
    decoding.append(replacement)
    var growth = TextGrowth()
    for step in decoding { growth.add(step) }
    guard growth.isBounded else { throw reader.malformed(place, TextGrowth.problem) }
    decodesMetaspace = true
  }
}
