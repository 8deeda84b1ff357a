/// Chat templates that a recipe names by a word, for a base that has none: the common forms of dialogues, each with the
/// control tokens that it writes.
package enum BuiltinTemplate: String, Sendable, CaseIterable {
  /// OpenAI's chat markup, as SmolLM, Yi and many others use it.
  case chatml
  /// Llama 3's headers.
  case llama3
  /// Alpaca's headings: ordinary text, ended by the tokenizer's own token.
  case alpaca
  /// Mistral's `[INST]`, with the system's text in the first question.
  case mistral
  /// Gemma's turns, with the system's text in the first question.
  case gemma
  /// Qwen3's: tools, calls, and thinking that is dropped from earlier turns.
  case qwen3

  /// Control tokens that the template writes; a tokenizer that lacks one gets it.
  var tokens: [String] {
    switch self {
    case .chatml, .qwen3: ["<|im_start|>", "<|im_end|>"]
    case .llama3: ["<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"]
    case .gemma: ["<start_of_turn>", "<end_of_turn>"]
    case .alpaca, .mistral: []
    }
  }

  /// The token that ends the assistant's turn; nil: the tokenizer's own end.
  var stop: String? {
    switch self {
    case .chatml, .qwen3: "<|im_end|>"
    case .llama3: "<|eot_id|>"
    case .gemma: "<end_of_turn>"
    case .alpaca, .mistral: nil
    }
  }

  /// The template in Jinja.
  var source: String {
    switch self {
    case .chatml: Self.chatmlSource
    case .llama3: Self.llama3Source
    case .alpaca: Self.alpacaSource
    case .mistral: Self.mistralSource
    case .gemma: Self.gemmaSource
    case .qwen3: Self.qwen3Source
    }
  }
}
