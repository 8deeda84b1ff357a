extension WordSplitting {
  /// llama.cpp's table of pre-tokenizers: names, and the patterns whose matches are cut out.
  ///
  /// Where llama.cpp writes a pattern otherwise than the model's own `tokenizer.json` only because its engine lacks a part
  /// (subcategories of letters, `(?i:…)`, possessive counts), the model's own stands here.
  /// - Source: `llama_vocab::impl::load` and `llm_tokenizer_bpe` in src/llama-vocab.cpp of ggml-org/llama.cpp.
  static let table: [Entry] = [
    Entry(
      names: [
        "gpt-2", "gpt2", "phi-2", "jina-es", "jina-de", "jina-v2-es", "jina-v2-de", "jina-v1-en", "jina-v2-code",
        "roberta-bpe", "gigachat", "a.x-4.0", "mellum", "modern-bert", "exaone4", "mpt", "olmo", "jais", "trillion",
        "granite-docling",
      ],
      patterns: [SplitPattern.gpt2]),
    Entry(
      names: ["smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b", "mellum2"],
      patterns: [digit, SplitPattern.gpt2]),
    Entry(
      names: [
        "llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2", "jina-v5-nano",
      ],
      patterns: [SplitPattern.llama3("{1,3}")], ignoresMerges: true, addsBOS: true),
    Entry(names: ["dbrx", "smaug-bpe", "glm4", "chatglm-bpe"], patterns: [SplitPattern.llama3("{1,3}")]),
    Entry(
      names: [
        "qwen2", "deepseek-r1-qwen", "kormo", "f2llmv2", "megrez", "stablelm2", "hunyuan", "solar-open", "grok-2",
      ],
      patterns: [SplitPattern.llama3("")]),
    Entry(
      names: ["qwen35"],
      patterns: [
        contractions + #"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|"# + spaces
      ]),
    Entry(
      names: ["deepseek-v3", "hunyuan-dense", "joyai-llm", "hy_v4"],
      patterns: [#"\p{N}{1,3}"#, hanAndKana, signedLetters + #"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|"# + spaces]),
    Entry(
      names: ["spark2_5"],
      patterns: [#"\p{N}{1,3}"#, hanAndKana, signedLetters + #"| ?[\p{P}\p{S}]+|[\r\n]|"# + spaces, digit]),
    Entry(
      names: ["deepseek-llm"], patterns: deepSeek + [#"\p{N}+"#], published: steps(of: deepSeek + [digit])),
    Entry(names: ["deepseek-coder"], patterns: ["[\r\n]", #"\s?\p{L}+"#, #"\s?\p{P}+"#, cjk, digit]),
    Entry(
      names: ["tekken"], patterns: [cased("", number: digit)], ignoresMerges: true, addsBOS: true),
    Entry(
      names: ["gpt-4o", "llama4", "kanana2", "talkie", "minimax-m2"],
      patterns: [cased(contractions + "?", number: #"\p{N}{1,3}"#)]),
    Entry(
      names: ["granite-embed-multi-97m"], patterns: [cased(contractions + "?", number: #"\p{N}{1,3}"#)],
      ignoresMerges: true, isWritten: false),
    Entry(
      names: ["tiny_aya", "cohere2moe"],
      patterns: [#"\d{1,3}(?=(?:\d{3})*\b)"#, cased(contractions + "?", number: #"\p{N}{1,3}"#)]),
    Entry(
      names: ["youtu"],
      patterns: [
        "[가-힣ㄱ-ㆎ]+|[！…“”‘’—：；，、-〿︰-﹏]+|[ㄅ-ㄯ]+|" + hanAndKana, cased(contractions + "?", number: digit),
      ], ignoresMerges: true),
    Entry(
      names: ["kimi-k2"],
      patterns: [
        #"[\p{Han}]+|"# + casedLetters(contractions + "?", without: #"&&[^\p{Han}]"#)
          + #"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|"# + spaces
      ]),
    Entry(
      names: ["falcon"], patterns: [#"[\p{P}\$\+<=>\^~\|`]+"#, SplitPattern.gpt2, "[0-9][0-9][0-9]"], steps: falcon),
    Entry(
      names: [defaultName],
      patterns: [#"[\p{P}\$\+<=>\^~\|]+"#, SplitPattern.gpt2, #"\p{N}+"#, "[0-9][0-9][0-9]"], isWritten: false),
    Entry(names: ["bloom", "poro-chat", "gpt3-finnish"], patterns: [bloom]),
    Entry(names: ["viking"], patterns: [bloom, digit]),
    Entry(
      names: ["chameleon"],
      patterns: [
        "<sentinel:[0-9]+>", "(IMGIMG)((A|B|C|D|E|F|G|H|I){1,4})Z", #"([\t\n]|    |  )"#, digit,
        #"[\p{P}!-/:-@\[-`{-~]"#, SplitPattern.gpt2,
      ], addsBOS: true),
    Entry(names: ["superbpe"], patterns: [#"\p{N}+"#, #"(?=(\d{3})+(?!\d))"#]),
    Entry(
      names: ["bailingmoe", "bailingmoe2", "llada-moe"],
      patterns: [
        #"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|"# + spaces
      ]),
    Entry(
      names: ["seed-coder"],
      patterns: [
        contractions + #"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1}| ?[^\s\p{L}\p{N}\r\n]+|\s*[\r\n]+|"# + spaces
      ]),
    Entry(
      names: ["ufakzeka"],
      patterns: [#"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|"# + spaces]),
    Entry(
      names: ["exaone-moe"],
      patterns: [
        contractions + #"|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]?"#
          + #"|\s*[\r\n]|"# + spaces
      ]),
    Entry(
      names: ["jais-2"],
      patterns: [
        contractions + #"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|"#
          + [512, 256, 128, 64, 32, 16, 8, 4].map { #"\s{\#($0)}(?!\S)|"# }.joined() + #"\s{1,2}(?!\S)|\s{1}"#
      ]),
    Entry(
      names: ["afmoe"],
      patterns: [
        #"\p{N}{1,3}(?=(?:\p{N}{3})*(?!\p{N}))"#, afmoeScripts,
        signedLetters
          + #"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|"# + spaces,
      ]),
    Entry(names: ["laguna"], patterns: [lines, SplitPattern.llama3("")]),
    Entry(names: ["minicpm5"], patterns: [#"\p{N}{1,3}"#, SplitPattern.llama3("+")], ignoresMerges: true),
  ]

  /// The names whose vocabularies are spelled in characters, which are not offered.
  static let spelledInCharacters = ["gemma4", "granite-embed-multi-311m", "sarvam-moe", "whitespace"]

  private static let digit = #"\p{N}"#
  private static let spaces = #"\s+(?!\S)|\s+"#
  private static let contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
  private static let bloom = #" ?[^(\s|.,!?…。，、।۔،)]+"#
  private static let cjk = "[一-龥ࠀ-一가-퟿]+"
  private static let hanAndKana = "[一-龥぀-ゟ゠-ヿ]+"
  private static let lines = #"[^\n]+|[\n]+"#

  /// A sign before letters of ASCII, or letters with one character before them.
  private static let signedLetters =
    ##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"##

  /// Words that begin anew at a capital letter, each with what may end it.
  private static func casedLetters(_ ending: String, without: String = "") -> String {
    let (upper, lower) = (
      #"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}"# + without + "]", #"[\p{Ll}\p{Lm}\p{Lo}\p{M}"# + without + "]"
    )
    let before = #"[^\r\n\p{L}\p{N}]?"#
    return before + upper + "*" + lower + "+" + ending + "|" + before + upper + "+" + lower + "*" + ending
  }

  /// The patterns of Tekken and of o200k.
  private static func cased(_ ending: String, number: String) -> String {
    casedLetters(ending) + "|" + number + #"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|"# + spaces
  }

  /// Falcon's steps: numbers are cut as `ByteLevel` spells them, which cuts through some characters.
  private static let falcon: [PreTokenizer] = [
    .punctuation(.contiguous), .byteLevel(addsPrefixSpace: false, splitsWords: true),
    .spelledInBytes(.digits(individually: false)),
    .spelledInBytes(.split(PatternSplit(pattern: TextPattern(known: "[0-9][0-9][0-9]")))),
  ]

  private static let deepSeek = [
    "[\r\n]", #"\s?"# + deepSeekLetters, #"\s?[!-/:-~！-／：-～‘-‟　-。]+"#, #"\s+$"#, cjk,
  ]

  // In numbers, since editors and tools that normalize texts would change some of these characters.
  private static let afmoeScripts =
    #"[\u4E00-\u9FFF\u3400-\u4DBF\uF900-\uFAFF\u3040-\u309F\u30A0-\u30FF\uFF65-\uFF9F\u2F00-\u2FDF\u0E40-"#
    + #"\u0E7F\u0E80-\u0EFF\u1780-\u17FF\u1000-\u109F\uAA60-\uAA7F\uA9E0-\uA9FF\uAC00-\uD7AF\u1100-\u11FF]+"#

  /// The letters of alphabets with two cases, as DeepSeek LLM lists them.
  private static let deepSeekLetters =
    #"[A-Za-z\u00B5\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u01BA\u01BC-\u01BF\u01C4-\u0293\u0295-\u02AF\u0370-\u0373"#
    + #"\u0376\u0377\u037B-\u037D\u037F\u0386\u0388-\u038A\u038C\u038E-\u03A1\u03A3-\u03F5\u03F7-\u0481\u048A-"#
    + #"\u052F\u0531-\u0556\u10A0-\u10C5\u13A0-\u13F5\u13F8-\u13FD\u1C90-\u1CBA\u1CBD-\u1CBF\u1D00-\u1D2B\u1D6B-"#
    + #"\u1D77\u1D79-\u1D9A\u1E00-\u1F15\u1F18-\u1F1D\u1F20-\u1F45\u1F48-\u1F4D\u1F50-\u1F57\u1F59\u1F5B\u1F5D"#
    + #"\u1F5F-\u1F7D\u1F80-\u1FB4\u1FB6-\u1FBC\u1FBE\u1FC2-\u1FC4\u1FC6-\u1FCC\u1FD0-\u1FD3\u1FD6-\u1FDB\u1FE0-"#
    + #"\u1FEC\u1FF2-\u1FF4\u1FF6-\u1FFC\u2102\u2107\u210A-\u2113\u2115\u2119-\u211D\u2124\u2126\u2128\u212A-"#
    + #"\u212D\u212F-\u2134\u2139\u213C-\u213F\u2145-\u2149\u214E\u2183\u2184\u2C00-\u2C7B\u2C7E-\u2CE4\u2CEB-"#
    + #"\u2CEE\u2CF2\u2CF3\uA640-\uA66D\uA680-\uA69B\uA722-\uA76F\uA771-\uA787\uA78B-\uA78E\uAB70-\uABBF\uFB00-"#
    + #"\uFB06\uFB13-\uFB17\uFF21-\uFF3A\uFF41-\uFF5A\x{10400}-\x{1044F}\x{104B0}-\x{104D3}\x{104D8}-\x{104FB}"#
    + #"\x{10C80}-\x{10CB2}\x{10CC0}-\x{10CF2}\x{118A0}-\x{118DF}\x{1E900}-\x{1E943}]+"#
}
