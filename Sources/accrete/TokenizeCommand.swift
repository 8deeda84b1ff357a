import ArgumentParser
import Trainer

/// The ids of a text, without special tokens.
struct TokenizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokenize", abstract: "Print the token ids of a text, as Hugging Face's encode without special tokens."
  )

  @OptionGroup var model: ModelOptions

  @Option(help: "The text.")
  var text: String

  @Flag(help: "Print one JSON object.")
  var json = false

  @OptionGroup var device: DeviceOption

  private struct Tokens: Encodable {
    let ids: [Int32]
    let pieces: [String]
  }

  func run() throws {
    let tokenizer = try model.openTokenizer()
    let ids = tokenizer.encode(text)
    let tokens = Tokens(ids: ids, pieces: ids.map { tokenizer.piece($0) })
    if json { return try Console.result(json: tokens) }
    for (id, piece) in zip(tokens.ids, tokens.pieces) { Console.result("\(id)\t\(piece)") }
  }
}
