import Foundation

/// The normalizer, the pre-tokenizer and the decoder of a `tokenizer.json`.
struct TokenizerSteps {
  private(set) var normalizers: [Normalizer] = []
  private(set) var preTokenizers: [PreTokenizer] = []
  private(set) var decodesMetaspace = false
  private(set) var stripsLeadingSpace = false

  /// More steps than these no tokenizer has; each goes through all of a text.
  private static let mostSteps = 256

  private let reader: TokenizerFileReader

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
      // After ByteLevel the text is no longer in its own characters, so no later step would mean the same.
      if isByteLevel { throw reader.unsupported(place, "a step after ByteLevel") }
      preTokenizers.append(try preTokenizer(step, place))
    }
    for (step, place) in try steps(json["decoder"], "decoder", list: "decoders") { try addDecoder(step, place) }
  }

  /// True where the merges begin from bytes.
  var isByteLevel: Bool {
    if case .byteLevel? = preTokenizers.last { return true }
    return false
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
      let (pattern, content) = try replacement(step, place)
      return .replace(pattern, with: content)
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

  private func replacement(_ step: JSON, _ place: String) throws(TokenizerError) -> (String, String) {
    guard let content = step["content"]?.string, let pattern = step["pattern"] else {
      throw reader.malformed(place, "no pattern or no content")
    }
    guard let literal = pattern["String"]?.string else {
      throw reader.unsupported(place, "Replace by the pattern \(pattern["Regex"]?.string ?? "?")")
    }
    return (literal, content)
  }

  private func preTokenizer(_ step: JSON, _ place: String) throws(TokenizerError) -> PreTokenizer {
    let type = step["type"]?.string ?? ""
    switch type {
    case "ByteLevel":
      return .byteLevel(
        addsPrefixSpace: step["add_prefix_space"]?.bool ?? true, splitsWords: step["use_regex"]?.bool ?? true)
    case "Digits": return .digits(individually: step["individual_digits"]?.bool ?? false)
    case "Split": return try split(step, place)
    case "Metaspace":
      return .metaspace(try prependScheme(step, place), splitsWords: step["split"]?.bool ?? true)
    default: throw reader.unsupported(place, "the pre-tokenizer \(type)")
    }
  }

  private func split(_ step: JSON, _ place: String) throws(TokenizerError) -> PreTokenizer {
    let (regex, literal) = (step["pattern"]?["Regex"]?.string, step["pattern"]?["String"]?.string)
    guard let known = literal.map({ .literals(Literals([$0])) }) ?? regex.flatMap(SplitPattern.step) else {
      throw reader.unsupported(place, "Split by the pattern \(regex ?? "?")")
    }
    // The patterns of words cover every text, so "remove what lies between the matches" keeps it all as well.
    let behavior = step["behavior"]?.string ?? ""
    let isInverted = step["invert"]?.bool ?? false
    let coversText: Bool
    switch known {
    case .digits, .literals: coversText = false
    default: coversText = true
    }
    guard behavior == "Isolated" || (behavior == "Removed" && isInverted && coversText) else {
      throw reader.unsupported(place, "Split with behavior \(behavior)\(isInverted ? ", inverted" : "")")
    }
    return known
  }

  private func prependScheme(
    _ step: JSON, _ place: String
  ) throws(TokenizerError) -> PreTokenizer.PrependScheme {
    if let mark = step["replacement"]?.string, mark != Metaspace.text {
      throw reader.unsupported(place, "Metaspace with \(mark.debugDescription)")
    }
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
    case "ByteLevel", "ByteFallback", "Fuse": break
    case "Replace":
      let (pattern, content) = try replacement(step, place)
      guard pattern == Metaspace.text, content == " " else {
        throw reader.unsupported(place, "the decoder Replace of \(pattern.debugDescription)")
      }
      decodesMetaspace = true
    case "Strip":
      guard step["content"]?.string == " ", (step["stop"]?.tokenID ?? 0) == 0, let count = step["start"]?.tokenID,
        count <= 1
      else { throw reader.unsupported(place, "the decoder Strip of anything but one space at the start") }
      stripsLeadingSpace = stripsLeadingSpace || count == 1
    case "Metaspace":
      decodesMetaspace = true
      stripsLeadingSpace = try prependScheme(step, place) != .never
    default: throw reader.unsupported(place, "the decoder \(type)")
    }
  }
}
