import ArgumentParser
import Foundation
import Trainer

/// Prints the ids of a text, without special tokens.
struct TokenizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokenize", abstract: "Print the token ids of a text, as Hugging Face's encode without special tokens."
  )

  /// Bytes of output that are collected before they are written.
  private static let outputChunk = 1 << 20

  @OptionGroup var model: ModelOptions

  @Option(help: "The text.")
  var text: String?

  @Option(help: "A file of texts, one a line; prints one JSON list of ids for each, and nothing else.")
  var file: String?

  @Flag(help: "Print one JSON object.")
  var json = false

  @OptionGroup var device: DeviceOption

  private struct Tokens: Encodable {
    let ids: [Int32]
    let pieces: [String]
  }

  func validate() throws {
    guard (text == nil) != (file == nil) else { throw ValidationError("give either --text or --file") }
    if file != nil, json { throw ValidationError("--file prints a JSON list a line already; leave --json out") }
  }

  func run() throws {
    let tokenizer = try model.openTokenizer()
    if let file { return try printLines(of: URL(fileURLWithPath: file), tokenizer) }
    let ids = tokenizer.encode(text ?? "")
    let tokens = Tokens(ids: ids, pieces: ids.map { tokenizer.piece($0) })
    if json { return try Console.result(json: tokens) }
    for (id, piece) in zip(tokens.ids, tokens.pieces) { try Console.result(cells: ["\(id)", piece]) }
  }

  private func printLines(of url: URL, _ tokenizer: any Tokenizer) throws {
    let content = try MappedFile(path: url.path)
    var output = ""
    func tooLong(_ line: Int) -> any Error {
      Failure.BadInput(description: "--file \(url.path):\(line): " + FileLines.tooLong("the line"))
    }
    try FileLines.forEach(of: content.bytes, tooLong: tooLong) { line in
      guard let text = String(validating: line.bytes, as: UTF8.self) else {
        throw Failure.BadInput(description: "--file \(url.path):\(line.number) is not UTF-8: convert it, as with iconv")
      }
      output += "[" + tokenizer.encode(text).map { String($0) }.joined(separator: ",") + "]\n"
      if output.utf8.count >= Self.outputChunk {
        try StandardStream.output.write(output)
        output = ""
      }
    }
    try StandardStream.output.write(output)
  }
}
