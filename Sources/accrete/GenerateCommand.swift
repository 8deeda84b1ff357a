import ArgumentParser
import Foundation
import GPUTensor
import Trainer

/// Continues a prompt.
struct GenerateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate", abstract: "Continue a prompt, a chat message, or token ids.")

  /// Answers that are generated at once.
  private static let answersAtOnce = 16

  @OptionGroup var model: ModelOptions

  @Option(help: "Raw text to continue; with --reverse the end of a text, to be continued towards its beginning.")
  var prompt: String?

  @Option(help: "A message that goes through the model's chat template.")
  var chat: String?

  @Option(help: "Token ids, used as they are: 1,2,3.")
  var ids: String?

  @Option(help: "The most new tokens.")
  var maxTokens = 128

  @OptionGroup var drawing: SamplingOptions

  @OptionGroup var reverse: ReverseOptions

  @OptionGroup var rerank: RerankOptions

  @Flag(help: "Measure the device time of each kernel, and print it at the end.")
  var profile = false

  @Flag(help: "Print one JSON object.")
  var json = false

  @OptionGroup var device: DeviceOption

  func validate() throws {
    guard [prompt, chat, ids].compactMap({ $0 }).count == 1 else {
      throw ValidationError("give one of --prompt, --chat and --ids")
    }
    guard maxTokens >= 1 else { throw ValidationError("--max-tokens must be at least 1") }
    guard prompt != nil || !reverse.reverse else {
      throw ValidationError("--reverse needs --prompt, the end of the text; --chat and --ids have no reversed form")
    }
    guard rerank.rerank != nil else { return }
    guard prompt != nil, !reverse.reverse else {
      throw ValidationError("--rerank needs --prompt and a forward model: leave out --chat, --ids and --reverse")
    }
    guard drawing.temperature > 0 else {
      throw ValidationError("--samples needs --temperature above 0: without it every answer is the same")
    }
  }

  private struct Answer: Encodable {
    let ids: [Int32]
    let text: String
  }

  private struct RankedAnswer: Encodable {
    /// One of several answers: its seed, and its score in nats a token; −∞ where it has none.
    struct Candidate: Encodable {
      let ids: [Int32]
      let text: String
      let seed: UInt64
      let score: Double
    }

    let ids: [Int32]
    let text: String
    /// All answers, best first.
    let candidates: [Candidate]
  }

  func run() throws {
    if let model = rerank.rerank, let count = rerank.samples { return try choose(among: count, by: model) }
    var decoder: StreamingDecoder?
    var reversed: ReverseText?
    let streams = !json && !reverse.reverse
    let stream = AnswerStream()
    let (answers, tokenizer, executor) = try write(
      1,
      begin: { tokenizer in
        decoder = tokenizer.map { StreamingDecoder($0) }
        if reverse.reverse { reversed = try reverse.text(try TokenInput.require(tokenizer, option: "--prompt")) }
        return reversed?.prompt(prompt ?? "")
      },
      onToken: { token in
        guard streams, let text = decoder?.append(token) else { return true }
        return stream.write(text)
      })
    let new = answers[0]
    if let reversed {
      let (ids, text) = reversed.readingOrder(new)
      try json ? Console.result(json: Answer(ids: ids, text: text)) : stream.end(text)
    } else if json {
      try Console.result(json: Answer(ids: new, text: tokenizer?.decode(new, skipSpecial: true) ?? ""))
    } else {
      try stream.end(decoder?.finish() ?? new.map(String.init).joined(separator: ","))
    }
    if profile { try ProfilePrinter.print(executor) }
  }

  /// Generates several answers, and prints the one that the reverse model ranks first.
  private func choose(among count: Int, by model: String) throws {
    let (answers, tokenizer, executor) = try write(count)
    if profile { try ProfilePrinter.print(executor) }
    let texts = answers.map { tokenizer?.decode($0, skipSpecial: true) ?? "" }
    let ranked = try rerank.rank(prompt: prompt ?? "", answers: texts, by: model, on: device)
    let candidates = ranked.map { candidate in
      RankedAnswer.Candidate(
        ids: answers[candidate.index], text: texts[candidate.index],
        seed: drawing.seed &+ UInt64(candidate.index), score: candidate.score ?? -.infinity)
    }
    guard let best = candidates.first else { preconditionFailure("at least two answers are drawn") }
    if json {
      return try Console.result(json: RankedAnswer(ids: best.ids, text: best.text, candidates: candidates))
    }
    try AnswerStream().end(best.text)
  }

  /// Generates answers to the prompt. The model leaves the device when another executor is opened.
  ///
  /// - Parameters:
  ///   - begin: called with the tokenizer; returns the prompt's ids, or nil for the ids of the options.
  ///   - onToken: called with each new token; false ends the answer after it.
  private func write(
    _ count: Int, begin: ((any Tokenizer)?) throws -> [Int32]? = { _ in nil },
    onToken: (Int32) -> Bool = { _ in true }
  ) throws -> (answers: [[Int32]], tokenizer: (any Tokenizer)?, executor: any Executor) {
    let source = try model.open()
    let configuration = source.configuration
    let tokenizer = try loadTokenizer(of: source)
    let input = try begin(tokenizer) ?? promptIDs(tokenizer, vocabularySize: configuration.vocabSize)
    guard !input.isEmpty else { throw Failure.BadInput(description: "--prompt: there is no token to continue from") }
    try TokenInput.check(input, configuration, limit: configuration.maxPositionEmbeddings)
    let executor = try device.makeExecutor(profiling: profile)
    let context = min(input.count + maxTokens, configuration.maxPositionEmbeddings)
    let loaded = try LoadedModel(source, executor: executor, contextLength: context)
    let generator = Generator(
      model: loaded.deviceModel, rope: loaded.rope, executor: executor, contextLength: context,
      sequences: min(count, Self.answersAtOnce))
    try executor.prepare(generator.plans)
    if chat != nil { try model.warnOfForm(.chat, option: "--chat") }
    if prompt != nil, !reverse.reverse { try model.warnOfForm(.raw, option: "--prompt") }
    let stops = configuration.stops(tokenizer)
    let start = ContinuousClock.now
    var first: ContinuousClock.Instant?
    let answers = try generator.generate(
      prompts: Array(repeating: input, count: count), maxTokens: maxTokens, stops: stops, sampling: drawing.sampling
    ) { _, token in
      if first == nil { first = .now }
      return onToken(token)
    }
    // The first token of each answer is the result of reading the prompt, and needs no replay of its own.
    let written = answers.reduce(0) { $0 + max($1.count - 1, 0) }
    if let first, written > 0 {
      let reading = BenchPrinter.number((first - start) / .seconds(1))
      let rate = BenchPrinter.number(Double(written) / ((.now - first) / .seconds(1)))
      Console.note("\(input.count) tokens read in \(reading) s, then \(rate) tokens/s")
    }
    return (answers, tokenizer, executor)
  }

  private func promptIDs(_ tokenizer: (any Tokenizer)?, vocabularySize: Int) throws -> [Int32] {
    if let ids { return try TokenInput.ids(ids, vocabularySize: vocabularySize) }
    if let chat {
      let tokenizer = try TokenInput.require(tokenizer, option: "--chat")
      let template = try TokenInput.template(of: tokenizer, option: "--chat")
      return try ConversationEncoder(template: template, tokenizer: tokenizer)
        .prompt([ChatMessage(role: "user", content: chat)])
    }
    return try TokenInput.require(tokenizer, option: "--prompt").encodePrompt(prompt ?? "")
  }
}
