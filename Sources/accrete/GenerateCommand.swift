import ArgumentParser
import Foundation
import GPUTensor
import Trainer

/// Text after a prompt.
struct GenerateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate", abstract: "Continue a prompt, a chat message, or token ids.")

  @OptionGroup var model: ModelOptions

  @Option(help: "Raw text to continue.")
  var prompt: String?

  @Option(help: "A message that goes through the model's chat template.")
  var chat: String?

  @Option(help: "Token ids, used as they are: 1,2,3.")
  var ids: String?

  @Option(help: "The most new tokens.")
  var maxTokens = 128

  @OptionGroup var drawing: SamplingOptions

  @Flag(help: "Print one JSON object.")
  var json = false

  @OptionGroup var device: DeviceOption

  func validate() throws {
    guard [prompt, chat, ids].compactMap({ $0 }).count == 1 else {
      throw ValidationError("give one of --prompt, --chat and --ids")
    }
    guard maxTokens >= 1 else { throw ValidationError("--max-tokens must be at least 1") }
  }

  private struct Answer: Encodable {
    let ids: [Int32]
    let text: String
  }

  func run() throws {
    let source = try model.open()
    let configuration = source.configuration
    let tokenizer = try loadTokenizer(of: source)
    let input = try promptIDs(tokenizer, vocabularySize: configuration.vocabSize)
    guard !input.isEmpty else { throw Failure.BadInput(description: "--prompt: there is no token to continue from") }
    try TokenInput.check(input, configuration, limit: configuration.maxPositionEmbeddings)
    let executor = try device.makeExecutor()
    let context = min(input.count + maxTokens, configuration.maxPositionEmbeddings)
    let loaded = try LoadedModel(source, executor: executor, contextLength: context)
    let generator = Generator(
      weights: loaded.weights, ropeTable: loaded.ropeTable, executor: executor, contextLength: context)
    try executor.prepare([generator.plan])
    let stops = Set(configuration.eosTokenIDs.map(Int32.init) + (tokenizer?.special.eos ?? []))
    var decoder = tokenizer.map { StreamingDecoder($0) }
    let streams = !json
    let new = try generator.generate(
      prompt: input, maxTokens: maxTokens, stops: stops,
      sampling: drawing.sampling
    ) { token in
      if streams, let text = decoder?.append(token) { FileHandle.standardOutput.write(Data(text.utf8)) }
      return true
    }
    if json {
      return try Console.result(
        json: Answer(ids: new, text: tokenizer?.decode(new, skipSpecial: true) ?? ""))
    }
    Console.result(decoder?.finish() ?? new.map(String.init).joined(separator: ","))
  }

  private func promptIDs(_ tokenizer: (any Tokenizer)?, vocabularySize: Int) throws -> [Int32] {
    if let ids { return try TokenInput.ids(ids, vocabularySize: vocabularySize) }
    if let chat {
      let tokenizer = try TokenInput.require(tokenizer, option: "--chat")
      let template = try TokenInput.template(of: tokenizer, option: "--chat")
      return try ConversationEncoder(template: template, tokenizer: tokenizer)
        .prompt([ChatMessage(role: "user", content: chat)])
    }
    let tokenizer = try TokenInput.require(tokenizer, option: "--prompt")
    var ids: [Int32] = []
    // A prompt is a beginning: BOS as the tokenizer adds it, but never an EOS.
    if tokenizer.special.addsBOS, let bos = tokenizer.special.bos { ids.append(bos) }
    return ids + tokenizer.encode(prompt ?? "")
  }
}
