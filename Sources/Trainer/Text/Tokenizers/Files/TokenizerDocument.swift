import Foundation

extension SubwordTokenizer {
  /// This tokenizer as a `tokenizer.json`.
  var document: JSON {
    [
      "version": "1.0", "truncation": .null, "padding": .null,
      "added_tokens": .array(model.added.sorted { $0.id < $1.id }.map(Self.entry)),
      "normalizer": Self.sequence(model.normalizers.map(Self.step), list: "normalizers"),
      "pre_tokenizer": Self.sequence(model.preTokenizers.map(Self.step), list: "pretokenizers"),
      "post_processor": postProcessor, "decoder": decoder, "model": modelSection,
    ]
  }

  /// The cuts of texts as a `tokenizer.json` has them, on one line.
  var cuts: String {
    let steps = Self.sequence(model.preTokenizers.map(Self.step), list: "pretokenizers")
    return String(decoding: JSONWriter.data(steps, .compact), as: UTF8.self)
  }

  private static func sequence(_ steps: [JSON], list: String) -> JSON {
    switch steps.count {
    case 0: .null
    case 1: steps[0]
    default: ["type": "Sequence", list: .array(steps)]
    }
  }

  /// A token as the files of a tokenizer list it.
  static func entry(_ token: AddedToken) -> JSON {
    [
      "id": .integer(token.id), "content": .string(token.content), "single_word": .bool(token.singleWord),
      "lstrip": .bool(token.stripsLeft), "rstrip": .bool(token.stripsRight), "normalized": .bool(token.isNormalized),
      "special": .bool(token.isSpecial),
    ]
  }

  private static func replacement(of pattern: String, by content: String) -> JSON {
    ["type": "Replace", "pattern": ["String": .string(pattern)], "content": .string(content)]
  }

  private static func replacement(ofMatches pattern: String, by content: String) -> JSON {
    ["type": "Replace", "pattern": ["Regex": .string(pattern)], "content": .string(content)]
  }

  private static func step(_ normalizer: Normalizer) -> JSON {
    switch normalizer {
    case .form(let form): return ["type": .string(form.rawValue)]
    case .prepend(let prefix): return ["type": "Prepend", "prepend": .string(prefix)]
    case .replace(let pattern, let content): return replacement(of: pattern, by: content)
    case .characterMap(let map, _):
      return ["type": "Precompiled", "precompiled_charsmap": .string(Data(map.blob).base64EncodedString())]
    case .lowercase: return ["type": "Lowercase"]
    case .strip(let left, let right):
      return ["type": "Strip", "strip_left": .bool(left), "strip_right": .bool(right)]
    case .replaceMatches(let pattern, let content): return replacement(ofMatches: pattern.source, by: content)
    case .replaceSpaceRuns, .dropLeadingSpaces, .dropTrailingSpaces:
      let (pattern, content) = ReplacePattern.pattern(of: normalizer) ?? ("", "")
      return replacement(ofMatches: pattern, by: content)
    }
  }

  private static func step(_ preTokenizer: PreTokenizer) -> JSON {
    switch preTokenizer {
    case .digits(let individually): return ["type": "Digits", "individual_digits": .bool(individually)]
    case .byteLevel(let addsPrefixSpace, let splitsWords):
      return [
        "type": "ByteLevel", "add_prefix_space": .bool(addsPrefixSpace), "trim_offsets": true,
        "use_regex": .bool(splitsWords),
      ]
    case .metaspace(let scheme, let splitsWords):
      return [
        "type": "Metaspace", "replacement": .string(Metaspace.text), "prepend_scheme": .string(scheme.rawValue),
        "split": .bool(splitsWords),
      ]
    case .spaceMark(let mark, let scheme, let splitsWords):
      return [
        "type": "Metaspace", "replacement": .string(String(mark)), "prepend_scheme": .string(scheme.rawValue),
        "split": .bool(splitsWords),
      ]
    case .gpt2Words, .llama3Words, .literals: return split(preTokenizer, .isolated, isInverted: false)
    case .split(let pattern): return split(preTokenizer, pattern.behavior, isInverted: pattern.isInverted)
    case .punctuation(let behavior): return ["type": "Punctuation", "behavior": .string(behavior.rawValue)]
    case .whitespace: return ["type": "Whitespace"]
    case .whitespaceSplit: return ["type": "WhitespaceSplit"]
    case .delimiter(let scalar): return ["type": "CharDelimiterSplit", "delimiter": .string(String(scalar))]
    case .unicodeScripts: return ["type": "UnicodeScripts"]
    case .fixedLength(let length): return ["type": "FixedLength", "length": .integer(length)]
    case .spelledInBytes(let inner): return step(inner)
    }
  }

  private static func split(_ step: PreTokenizer, _ behavior: SplitBehavior, isInverted: Bool) -> JSON {
    [
      "type": "Split", "pattern": ["Regex": .string(SplitPattern.pattern(of: step) ?? SplitPattern.gpt2)],
      "behavior": .string(behavior.rawValue), "invert": .bool(isInverted),
    ]
  }

  /// A template for the tokens that go around a text; without any, nothing at all.
  private var postProcessor: JSON {
    let before = special.addsBOS ? special.bos : nil
    let after = special.addsEOS ? special.eos.first : nil
    let around = [before, after].compactMap { $0 }
    if around.isEmpty { return .null }
    func item(_ kind: String, _ name: String, _ type: Int) -> JSON {
      [kind: ["id": .string(name), "type_id": .integer(type)]]
    }
    func text(_ name: String, _ type: Int) -> [JSON] {
      (before.map { [item("SpecialToken", piece($0), type)] } ?? []) + [item("Sequence", name, type)]
        + (after.map { [item("SpecialToken", piece($0), type)] } ?? [])
    }
    var tokens = JSONObject()
    for id in around {
      let name = JSON.string(piece(id))
      // Where one token stands on both sides it is named once.
      _ = tokens.insert(["id": name, "ids": [.integer(id)], "tokens": [name]], for: piece(id))
    }
    return [
      "type": "TemplateProcessing", "single": .array(text("A", 0)), "pair": .array(text("A", 0) + text("B", 1)),
      "special_tokens": .object(tokens),
    ]
  }

  private var decoder: JSON {
    if model.alphabet == .bytes {
      return ["type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true]
    }
    let replacements =
      model.decoding.isEmpty ? [Self.replacement(of: Metaspace.text, by: " ")] : model.decoding.map(Self.step)
    var steps = replacements + [["type": "ByteFallback"], ["type": "Fuse"]]
    if stripsLeadingSpace { steps.append(["type": "Strip", "content": " ", "start": 1, "stop": 0]) }
    return ["type": "Sequence", "decoders": .array(steps)]
  }

  private var modelSection: JSON {
    if case .unigram = model.algorithm { return unigramSection }
    var vocabulary = JSONObject()
    for (id, piece) in model.pieces.enumerated() where !piece.isEmpty {
      // Of equal spellings only the first can stand in an object; the others never arise from a text.
      _ = vocabulary.insert(.integer(id), for: piece)
    }
    let merges = model.merges.map { merge -> JSON in
      .string(model.pieces[Int(merge.left)] + " " + model.pieces[Int(merge.right)])
    }
    return [
      "type": "BPE", "dropout": .null, "unk_token": model.unknown.map { .string(piece($0)) } ?? .null,
      "continuing_subword_prefix": .null, "end_of_word_suffix": .null, "fuse_unk": .bool(model.fusesUnknown),
      "byte_fallback": .bool(model.alphabet == .characters(byteFallback: true)),
      "ignore_merges": .bool(model.ignoresMerges), "vocab": .object(vocabulary), "merges": .array(merges),
    ]
  }

  private var unigramSection: JSON {
    let scores = model.scores ?? []
    let vocabulary = model.pieces.indices.map { id -> JSON in
      let score = id < scores.count ? scores[id] : 0
      // A score without a fraction is written without one.
      return [.string(model.pieces[id]), Int(exactly: score).map { .integer($0) } ?? .number(score)]
    }
    return [
      "type": "Unigram", "unk_id": model.unknown.map { .integer($0) } ?? .null, "vocab": .array(vocabulary),
      "byte_fallback": .bool(model.alphabet == .characters(byteFallback: true)),
    ]
  }
}
