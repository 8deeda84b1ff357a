import Testing

import Trainer

@Suite("GGUF's names of pre-tokenizers")
struct WordSplittingTests {
  private static func description(_ pre: String?) -> VocabularyDescription {
    let bytes = (UInt8.min...UInt8.max).map { ByteAlphabet.piece(of: [$0]) }
    return VocabularyDescription(
      model: "gpt2", pre: pre, tokens: bytes + ["11", "Ġa", "<|bos|>"], types: bytes.map { _ in 1 } + [1, 1, 3],
      merges: ["1 1", "Ġ a"], bosTokenID: 258)
  }

  @Test(
    "are llama.cpp's, with its synonyms",
    arguments: [
      "default", "llama3", "llama-v3", "llama-bpe", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2",
      "jina-v5-nano",
      "deepseek-llm", "deepseek-coder", "deepseek-v3", "spark2_5", "youtu", "falcon", "mpt", "starcoder", "gpt-2",
      "phi-2",
      "jina-es", "jina-de", "gigachat", "jina-v2-es", "jina-v2-de", "a.x-4.0", "mellum", "modern-bert", "jais-2",
      "jina-v1-en", "jina-v2-code", "roberta-bpe", "refact", "command-r", "qwen2", "deepseek-r1-qwen", "kormo",
      "f2llmv2",
      "qwen35", "stablelm2", "olmo", "dbrx", "smaug-bpe", "poro-chat", "glm4", "chatglm-bpe", "viking", "jais",
      "tekken",
      "smollm", "codeshell", "bloom", "gpt3-finnish", "exaone", "exaone4", "exaone-moe", "chameleon", "minerva-7b",
      "megrez",
      "gpt-4o", "llama4", "kanana2", "talkie", "granite-embed-multi-97m", "tiny_aya", "cohere2moe", "superbpe",
      "trillion",
      "granite-docling", "bailingmoe", "bailingmoe2", "llada-moe", "seed-coder", "hunyuan", "hunyuan-dense", "hy_v4",
      "joyai-llm", "kimi-k2", "ufakzeka", "grok-2", "afmoe", "laguna", "minimax-m2", "solar-open", "mellum2",
      "minicpm5",
    ])
  func known(_ name: String) throws {
    let tokenizer = try loadTokenizer(description: Self.description(name))
    let text = "A  line 1234,5 of\r\n中文 and\tİı don't 'S!?\n\n"
    #expect(tokenizer.decode(tokenizer.encode(text), skipSpecial: false) == text)
  }

  @Test("cut as their patterns say")
  func cuts() throws {
    let one = Int32(UInt8(ascii: "1"))
    func ids(_ pre: String?, _ text: String) throws -> [Int32] {
      try loadTokenizer(description: Self.description(pre)).encode(text)
    }
    // Numbers: as a whole, by three, one by one, or by thousands from the end.
    #expect(try ids("gpt-2", "1111") == [256, 256])
    #expect(try ids("llama-bpe", "1111") == [256, one, one])
    #expect(try ids("qwen2", "11") == [one, one])
    #expect(try ids("superbpe", "1111") == [one, 256, one])
    #expect(try ids("tiny_aya", "1111") == [one, 256, one] && ids("afmoe", "1111") == [one, 256, one])
    #expect(try ids("default", "1111") == [256, one, one] && ids(nil, "1111") == [256, one, one])
    // A space before a word belongs to it, but not behind Bloom's full stop.
    #expect(try ids("bloom", " a. a") == [257, 46, 257])
    #expect(try ids("deepseek-llm", " a\u{1F7D}") == [257, 0xE1, 0xBD, 0xBD].map(Int32.init))
  }

  @Test("say whether a text gets BOS where the file is silent")
  func silent() throws {
    for (name, adds) in [("llama-bpe", true), ("tekken", true), ("chameleon", true), ("dbrx", false), ("qwen2", false)]
    {
      #expect(try loadTokenizer(description: Self.description(name)).special.addsBOS == adds, "\(name)")
      var description = Self.description(name)
      description.addBOS = false
      #expect(try !loadTokenizer(description: description).special.addsBOS)
    }
  }

  @Test("that are unknown are refused with the list, those in characters by what they are")
  func refused() {
    func message(_ pre: String) -> String {
      do {
        _ = try loadTokenizer(description: Self.description(pre))
        return "loaded"
      } catch {
        return "\(error)"
      }
    }
    let unknown = message("klingon")
    #expect(unknown.contains("\"klingon\"") && unknown.contains("llama-bpe, ") && !unknown.contains("\n"))
    #expect(message("gemma4").contains("spelled in characters"))
  }

  @Test("stand for the cuts of a model; a model without one is refused by its cuts")
  func written() throws {
    func name(_ preTokenizer: String, model: String = "") throws -> String? {
      let document = TokenizerFixture.byteLevel(preTokenizer: preTokenizer, model: model)
      return try vocabularyDescription(of: TokenizerFixture.load(document)).pre
    }
    func sequence(_ steps: String...) -> String {
      #"{"type":"Sequence","pretokenizers":["# + steps.joined(separator: ",") + "]}"
    }
    func split(_ pattern: String) -> String {
      let escaped = pattern.replacingOccurrences(of: "\\", with: "\\\\")
      return #"{"type":"Split","pattern":{"Regex":"\#(escaped)"},"behavior":"Isolated","invert":false}"#
    }
    let bytes = #"{"type":"ByteLevel","add_prefix_space":false,"use_regex":false}"#
    let llama3 =
      #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    #expect(try name(sequence(split(llama3), bytes), model: #""ignore_merges":true,"#) == "llama-bpe")
    #expect(try name(sequence(split(llama3), bytes)) == "dbrx")
    #expect(try name(sequence(split(#"\p{N}"#), #"{"type":"ByteLevel","add_prefix_space":false}"#)) == "smollm")
    #expect {
      try name(sequence(#"{"type":"Punctuation"}"#, bytes))
    } throws: {
      "\($0)".contains("Punctuation") && "\($0)".contains("GGUF has no name")
    }
  }
}
