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

  init(_ json: TokenizerJSON, reader: TokenizerFileReader) throws(TokenizerError) {
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

  /// Whether the merges begin from bytes.
  var isByteLevel: Bool {
    if case .byteLevel? = preTokenizers.last { return true }
    return false
  }

  /// The steps of a section, with those of a `Sequence` laid out flat.
  private func steps(
    _ section: TokenizerJSON?, _ place: String, list: String
  ) throws(TokenizerError) -> [(TokenizerJSON, String)] {
    guard let section, !section.isNull else { return [] }
    guard let type = section["type"]?.text else { throw reader.malformed(place, "no type") }
    guard type == "Sequence" else { return [(section, place)] }
    guard let elements = section[list]?.elements else { throw reader.malformed("\(place).\(list)", "no list") }
    var flat: [(TokenizerJSON, String)] = []
    for (index, element) in elements.enumerated() {
      flat += try steps(element, "\(place).\(list)[\(index)]", list: list)
      guard flat.count <= Self.mostSteps else {
        throw reader.malformed("\(place).\(list)[\(index)]", "more than \(Self.mostSteps) steps")
      }
    }
    return flat
  }

  private func normalizer(_ step: TokenizerJSON, _ place: String) throws(TokenizerError) -> Normalizer {
    let type = step["type"]?.text ?? ""
    if let form = Normalizer.Form(rawValue: type) { return .form(form) }
    switch type {
    case "Prepend":
      guard let prefix = step["prepend"]?.text else { throw reader.malformed(place, "no prepend") }
      return .prepend(prefix)
    case "Replace":
      if let pattern = step["pattern"]?["Regex"]?.text, let content = step["content"]?.text,
        let known = ReplacePattern.step(of: pattern, content: content)
      {
        return known
      }
      let (pattern, content) = try replacement(step, place)
      return .replace(pattern, with: content)
    case "Precompiled":
      guard let text = step["precompiled_charsmap"]?.text, let blob = Data(base64Encoded: text),
        let map = CharacterMap(Array(blob))
      else { throw reader.malformed("\(place).precompiled_charsmap", "no character map in base64") }
      return .characterMap(map, .clusters)
    case "Lowercase": return .lowercase
    case "Strip":
      return .strip(left: step["strip_left"]?.flag ?? true, right: step["strip_right"]?.flag ?? true)
    default: throw reader.unsupported(place, "the normalizer \(type)")
    }
  }

  private func replacement(_ step: TokenizerJSON, _ place: String) throws(TokenizerError) -> (String, String) {
    guard let content = step["content"]?.text, let pattern = step["pattern"] else {
      throw reader.malformed(place, "no pattern or no content")
    }
    guard let literal = pattern["String"]?.text else {
      throw reader.unsupported(place, "Replace by the pattern \(pattern["Regex"]?.text ?? "?")")
    }
    return (literal, content)
  }

  private func preTokenizer(_ step: TokenizerJSON, _ place: String) throws(TokenizerError) -> PreTokenizer {
    let type = step["type"]?.text ?? ""
    switch type {
    case "ByteLevel":
      return .byteLevel(
        addsPrefixSpace: step["add_prefix_space"]?.flag ?? true, splitsWords: step["use_regex"]?.flag ?? true)
    case "Digits": return .digits(individually: step["individual_digits"]?.flag ?? false)
    case "Split": return try split(step, place)
    case "Metaspace":
      return .metaspace(try prependScheme(step, place), splitsWords: step["split"]?.flag ?? true)
    default: throw reader.unsupported(place, "the pre-tokenizer \(type)")
    }
  }

  private func split(_ step: TokenizerJSON, _ place: String) throws(TokenizerError) -> PreTokenizer {
    let (regex, literal) = (step["pattern"]?["Regex"]?.text, step["pattern"]?["String"]?.text)
    guard let known = literal.map({ .literals(Literals([$0])) }) ?? regex.flatMap(SplitPattern.step) else {
      throw reader.unsupported(place, "Split by the pattern \(regex ?? "?")")
    }
    // The patterns of words cover every text, so "remove what lies between the matches" keeps it all as well.
    let behavior = step["behavior"]?.text ?? ""
    let isInverted = step["invert"]?.flag ?? false
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
    _ step: TokenizerJSON, _ place: String
  ) throws(TokenizerError) -> PreTokenizer.PrependScheme {
    if let mark = step["replacement"]?.text, mark != Metaspace.text {
      throw reader.unsupported(place, "Metaspace with \(mark.debugDescription)")
    }
    // Before there were schemes there was a flag.
    if let name = step["prepend_scheme"]?.text {
      guard let scheme = PreTokenizer.PrependScheme(rawValue: name) else {
        throw reader.unsupported(place, "the prepend_scheme \(name)")
      }
      return scheme
    }
    return step["add_prefix_space"]?.flag ?? true ? .always : .never
  }

  private mutating func addDecoder(_ step: TokenizerJSON, _ place: String) throws(TokenizerError) {
    let type = step["type"]?.text ?? ""
    switch type {
    case "ByteLevel", "ByteFallback", "Fuse": break
    case "Replace":
      let (pattern, content) = try replacement(step, place)
      guard pattern == Metaspace.text, content == " " else {
        throw reader.unsupported(place, "the decoder Replace of \(pattern.debugDescription)")
      }
      decodesMetaspace = true
    case "Strip":
      guard step["content"]?.text == " ", (step["stop"]?.tokenID ?? 0) == 0, let count = step["start"]?.tokenID,
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
