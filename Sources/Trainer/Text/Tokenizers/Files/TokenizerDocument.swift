import Foundation

extension SubwordTokenizer {
  /// This tokenizer as a `tokenizer.json`.
  var document: TokenizerJSON {
    .object([
      .init("version", .string("1.0")), .init("truncation", .null), .init("padding", .null),
      .init("added_tokens", .array(model.added.sorted { $0.id < $1.id }.map(Self.entry))),
      .init("normalizer", Self.sequence(model.normalizers.map(Self.step), list: "normalizers")),
      .init("pre_tokenizer", Self.sequence(model.preTokenizers.map(Self.step), list: "pretokenizers")),
      .init("post_processor", postProcessor), .init("decoder", decoder), .init("model", modelSection),
    ])
  }

  private static func object(_ type: String, _ members: [(String, TokenizerJSON)] = []) -> TokenizerJSON {
    .object([.init("type", .string(type))] + members.map { .init($0, $1) })
  }

  private static func sequence(_ steps: [TokenizerJSON], list: String) -> TokenizerJSON {
    switch steps.count {
    case 0: return .null
    case 1: return steps[0]
    default: return object("Sequence", [(list, .array(steps))])
    }
  }

  private static func entry(_ token: AddedToken) -> TokenizerJSON {
    .object([
      .init("id", .number(Double(token.id))), .init("content", .string(token.content)),
      .init("single_word", .bool(token.singleWord)), .init("lstrip", .bool(token.stripsLeft)),
      .init("rstrip", .bool(token.stripsRight)), .init("normalized", .bool(token.isNormalized)),
      .init("special", .bool(token.isSpecial)),
    ])
  }

  private static func replacement(of pattern: String, by content: String) -> TokenizerJSON {
    object("Replace", [("pattern", .object([.init("String", .string(pattern))])), ("content", .string(content))])
  }

  private static func step(_ normalizer: Normalizer) -> TokenizerJSON {
    switch normalizer {
    case .form(let form): return object(form.rawValue)
    case .prepend(let prefix): return object("Prepend", [("prepend", .string(prefix))])
    case .replace(let pattern, let content): return replacement(of: pattern, by: content)
    case .characterMap(let map, _):
      return object("Precompiled", [("precompiled_charsmap", .string(Data(map.blob).base64EncodedString()))])
    case .lowercase: return object("Lowercase")
    case .strip(let left, let right):
      return object("Strip", [("strip_left", .bool(left)), ("strip_right", .bool(right))])
    case .replaceSpaceRuns, .dropLeadingSpaces, .dropTrailingSpaces:
      let (pattern, content) = ReplacePattern.pattern(of: normalizer) ?? ("", "")
      return object(
        "Replace", [("pattern", .object([.init("Regex", .string(pattern))])), ("content", .string(content))])
    }
  }

  private static func step(_ preTokenizer: PreTokenizer) -> TokenizerJSON {
    switch preTokenizer {
    case .digits(let individually): return object("Digits", [("individual_digits", .bool(individually))])
    case .byteLevel(let addsPrefixSpace, let splitsWords):
      return object(
        "ByteLevel",
        [
          ("add_prefix_space", .bool(addsPrefixSpace)), ("trim_offsets", .bool(true)),
          ("use_regex", .bool(splitsWords)),
        ])
    case .metaspace(let scheme, let splitsWords):
      return object(
        "Metaspace",
        [
          ("replacement", .string(Metaspace.text)), ("prepend_scheme", .string(scheme.rawValue)),
          ("split", .bool(splitsWords)),
        ])
    case .gpt2Words, .llama3Words, .literals:
      let pattern = SplitPattern.pattern(of: preTokenizer) ?? SplitPattern.gpt2
      return object(
        "Split",
        [
          ("pattern", .object([.init("Regex", .string(pattern))])), ("behavior", .string("Isolated")),
          ("invert", .bool(false)),
        ])
    }
  }

  /// A template for the tokens that go around a text; without any, nothing at all.
  private var postProcessor: TokenizerJSON {
    let before = special.addsBOS ? special.bos : nil
    let after = special.addsEOS ? special.eos.first : nil
    let around = [before, after].compactMap { $0 }
    if around.isEmpty { return .null }
    func item(_ kind: String, _ name: String, _ type: Int) -> TokenizerJSON {
      .object([.init(kind, .object([.init("id", .string(name)), .init("type_id", .number(Double(type)))]))])
    }
    func text(_ name: String, _ type: Int) -> [TokenizerJSON] {
      (before.map { [item("SpecialToken", piece($0), type)] } ?? []) + [item("Sequence", name, type)]
        + (after.map { [item("SpecialToken", piece($0), type)] } ?? [])
    }
    var tokens: [TokenizerJSON.Member] = []
    for id in around where !tokens.contains(where: { $0.key == piece(id) }) {
      let name = TokenizerJSON.string(piece(id))
      tokens.append(
        .init(
          piece(id),
          .object([
            .init("id", name), .init("ids", .array([.number(Double(id))])), .init("tokens", .array([name])),
          ])))
    }
    return Self.object(
      "TemplateProcessing",
      [
        ("single", .array(text("A", 0))), ("pair", .array(text("A", 0) + text("B", 1))),
        ("special_tokens", .object(tokens)),
      ])
  }

  private var decoder: TokenizerJSON {
    if model.alphabet == .bytes {
      return Self.object(
        "ByteLevel",
        [("add_prefix_space", .bool(true)), ("trim_offsets", .bool(true)), ("use_regex", .bool(true))])
    }
    var steps = [Self.replacement(of: Metaspace.text, by: " "), Self.object("ByteFallback"), Self.object("Fuse")]
    if stripsLeadingSpace {
      steps.append(Self.object("Strip", [("content", .string(" ")), ("start", .number(1)), ("stop", .number(0))]))
    }
    return Self.object("Sequence", [("decoders", .array(steps))])
  }

  private var modelSection: TokenizerJSON {
    if case .unigram = model.algorithm { return unigramSection }
    let ids = model.ids()
    // Of equal spellings only the first can stand in an object; the others never arise from a text.
    let vocabulary = model.pieces.enumerated().compactMap { id, piece -> TokenizerJSON.Member? in
      ids[PieceKey(piece)] == Int32(id) ? .init(piece, .number(Double(id))) : nil
    }
    let merges = model.merges.map { merge -> TokenizerJSON in
      .string(model.pieces[Int(merge.left)] + " " + model.pieces[Int(merge.right)])
    }
    return Self.object(
      "BPE",
      [
        ("dropout", .null), ("unk_token", model.unknown.map { .string(piece($0)) } ?? .null),
        ("continuing_subword_prefix", .null), ("end_of_word_suffix", .null),
        ("fuse_unk", .bool(model.fusesUnknown)),
        ("byte_fallback", .bool(model.alphabet == .characters(byteFallback: true))),
        ("ignore_merges", .bool(model.ignoresMerges)), ("vocab", .object(vocabulary)), ("merges", .array(merges)),
      ])
  }

  private var unigramSection: TokenizerJSON {
    let scores = model.scores ?? []
    let vocabulary = model.pieces.indices.map { id -> TokenizerJSON in
      .array([.string(model.pieces[id]), .number(id < scores.count ? scores[id] : 0)])
    }
    return Self.object(
      "Unigram",
      [
        ("unk_id", model.unknown.map { .number(Double($0)) } ?? .null), ("vocab", .array(vocabulary)),
        ("byte_fallback", .bool(model.alphabet == .characters(byteFallback: true))),
      ])
  }
}
