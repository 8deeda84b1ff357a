/// A byte-level vocabulary's way to cut texts, by the name that GGUF gives to it.
struct WordSplitting {
  /// The pre-tokenizers that cut so.
  let steps: [PreTokenizer]
  /// True where a word that is a token is taken whole.
  let ignoresMerges: Bool

  private static let bytesAlone = PreTokenizer.byteLevel(addsPrefixSpace: false, splitsWords: false)
  private static let gpt2Words = PreTokenizer.byteLevel(addsPrefixSpace: false, splitsWords: true)

  /// - Parameter pre: GGUF's `tokenizer.ggml.pre`; nil and "default" stand for GPT-2's way
  init?(pre: String?) {
    switch pre {
    case nil, "default", "gpt-2", "gpt2": self.init([Self.gpt2Words])
    case "smollm": self.init([.digits(individually: true), Self.gpt2Words])
    case "llama-bpe", "llama3", "llama-v3": self.init([.llama3Words(digits: 3), Self.bytesAlone], ignoresMerges: true)
    case "qwen2": self.init([.llama3Words(digits: 1), Self.bytesAlone])
    default: return nil
    }
  }

  private init(_ steps: [PreTokenizer], ignoresMerges: Bool = false) {
    self.steps = steps
    self.ignoresMerges = ignoresMerges
  }

  /// GGUF's name for some steps, or nil where it has none.
  static func name(of steps: [PreTokenizer]) -> String? {
    ["gpt-2", "smollm", "llama-bpe", "qwen2"].first { WordSplitting(pre: $0)?.steps == steps }
  }
}
