import ArgumentParser
import Dispatch
import Foundation
import Synchronization
import Trainer

/// Talks with a model in the terminal.
struct ChatCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "chat", abstract: "Talk with a model, through its chat template.",
    discussion: "A line is a turn. /reset forgets the turns, /save FILE appends them to a dataset as a row of "
      + "messages, /exit or Ctrl-D leaves, Ctrl-C stops an answer.")

  @Argument(help: "A Hugging Face folder, a .gguf file, a llama2.c .bin, or ORG/NAME of the hub.")
  var model: String

  @Option(help: "Where the tokenizer is, if not with the model.")
  var tokenizer: String?

  @Option(help: "What the model is told before the first turn.")
  var system: String?

  @Option(help: "The most new tokens of an answer.")
  var maxTokens = 512

  @Option(help: "Tokens that the model remembers, no more than it was made for.")
  var context = 4096

  @OptionGroup var drawing: SamplingOptions

  @OptionGroup var device: DeviceOption

  func validate() throws {
    guard maxTokens >= 1 else { throw ValidationError("--max-tokens must be at least 1") }
    guard context >= 2 else { throw ValidationError("--context must be at least 2") }
  }

  func run() throws {
    let source = try ModelOptions.open(model, tokenizer: tokenizer)
    let tokenizer = try TokenInput.require(try loadTokenizer(of: source), option: "chat")
    let template = try TokenInput.template(of: tokenizer, option: "chat")
    let executor = try device.makeExecutor()
    let length = min(context, source.configuration.maxPositionEmbeddings)
    let loaded = try LoadedModel(source, executor: executor, contextLength: length)
    let session = try ChatSession(
      loaded, tokenizer: tokenizer, template: template, system: system, contextLength: loaded.contextLength)
    try ModelOptions.warnOfForm(.chat, option: "chat", model: model)
    try Dialogue(session: session, maxTokens: maxTokens, sampling: drawing.sampling).run()
  }
}

/// Reads lines, prints answers.
private struct Dialogue {
  let session: ChatSession
  let maxTokens: Int
  let sampling: Generator.Sampling

  private static let isStopped = Atomic<Bool>(false)
  private static let isTerminal = isatty(STDIN_FILENO) == 1

  func run() throws {
    signal(SIGINT, SIG_IGN)
    let stop = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
    stop.setEventHandler { Self.isStopped.store(true, ordering: .relaxed) }
    stop.resume()
    defer { stop.cancel() }
    if Self.isTerminal { Console.note("/reset, /save FILE, /exit; Ctrl-C stops an answer") }
    // True where the last /save failed.
    var isUnsaved = false
    dialogue: while let line = prompt() {
      let words = line.split(separator: " ", maxSplits: 1).map(String.init)
      switch words.first ?? "" {
      case "": continue
      case "/exit", "/quit": break dialogue
      case "/reset":
        session.reset()
        Console.note("the dialogue begins anew")
      case "/save":
        let path = words.count > 1 ? words[1].trimmingCharacters(in: .whitespaces) : ""
        if path.isEmpty {
          Console.note("/save FILE: name the file, such as /save chat.jsonl")
        } else {
          isUnsaved = !save(to: path)
        }
      case let word where word.hasPrefix("/") && !word.dropFirst().contains("/"):
        Console.note("\(word) is no command: /reset, /save FILE or /exit")
      default: try answer(line)
      }
    }
    if isUnsaved { throw ExitCode(74) }
  }

  private func prompt() -> String? {
    if Self.isTerminal { Console.ask("> ") }
    return readLine()
  }

  private func answer(_ question: String) throws {
    Self.isStopped.store(false, ordering: .relaxed)
    do {
      let stream = AnswerStream()
      let answer = try session.ask(question, maxTokens: maxTokens, sampling: sampling) { text in
        stream.write(text) && !Self.isStopped.load(ordering: .relaxed)
      }
      try stream.end()
      if Self.isStopped.load(ordering: .relaxed) { Console.note("stopped") }
      if answer.forgottenTurns > 0 {
        Console.note("the first \(answer.forgottenTurns) turns no longer fit the context, and were forgotten")
      }
    } catch let error as ChatTooLong {
      Console.error("\(error)")
    } catch let error as TemplateError {
      Console.error("\(error)")
    }
  }

  /// Appends the dialogue to a file, whole or not at all. A failure is printed, and the dialogue goes on.
  ///
  /// - Returns: true where it is saved.
  private func save(to path: String) -> Bool {
    do {
      let url = URL(fileURLWithPath: path)
      if !FileManager.default.fileExists(atPath: path) { try Data().write(to: url) }
      let file = try FileHandle(forWritingTo: url)
      defer { try? file.close() }
      let end = try file.seekToEnd()
      do {
        try file.write(contentsOf: session.row())
      } catch {
        // A partial line would also spoil the row before it at the next append.
        try? file.truncate(atOffset: end)
        throw error
      }
      Console.note("\(session.messages.count) turns saved to \(path)")
      return true
    } catch {
      Console.error(
        "\(path): \(error.systemReason); the dialogue is not saved, check the path and the room on the disk")
      return false
    }
  }
}
