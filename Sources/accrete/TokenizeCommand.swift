import ArgumentParser
import Foundation
import Trainer

/// The ids of a text, without special tokens.
struct TokenizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokenize", abstract: "Print the token ids of a text, as Hugging Face's encode without special tokens."
  )

  /// Lines are written out when so many bytes are waiting.
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
    for (id, piece) in zip(tokens.ids, tokens.pieces) { Console.result("\(id)\t\(piece)") }
  }

  private func printLines(of url: URL, _ tokenizer: any Tokenizer) throws {
    guard FileManager.default.fileExists(atPath: url.path) else {
      throw Failure.NotFound(description: "--file \(url.path): there is no such file; check the path")
    }
    let content = try Data(contentsOf: url, options: .mappedIfSafe)
    var output = ""
    var start = content.startIndex
    var number = 0
    while start < content.endIndex {
      let end = content[start...].firstIndex(of: UInt8(ascii: "\n")) ?? content.endIndex
      number += 1
      guard let line = String(validating: content[start..<end], as: UTF8.self) else {
        throw Failure.BadInput(description: "--file \(url.path):\(number) is not UTF-8: convert it, as with iconv")
      }
      output += "[" + tokenizer.encode(line).map { String($0) }.joined(separator: ",") + "]\n"
      if output.utf8.count >= Self.outputChunk {
        FileHandle.standardOutput.write(Data(output.utf8))
        output = ""
      }
      start = end + 1
    }
    FileHandle.standardOutput.write(Data(output.utf8))
  }
}
