import ArgumentParser
import Foundation
import Trainer

/// Making tokenizers: a group of commands.
struct TokenizerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokenizer", abstract: "Learn a tokenizer, or convert its files.",
    subcommands: [Train.self, Convert.self])

  /// Another tokenizer's files as Hugging Face's.
  struct Convert: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "convert", abstract: "Write a tokenizer as the tokenizer.json of a Hugging Face folder.")

    @OptionGroup var model: ModelOptions

    @Option(help: "The folder to write; it must not hold a tokenizer yet.")
    var output: String

    @Flag(help: "Print one JSON object.")
    var json = false

    private struct Result: Encodable {
      let output: String
    }

    func run() throws {
      let folder = try TokenizerOutput.folder(output)
      try writeTokenizer(try model.openTokenizer(), to: folder)
      if json { return try Console.result(json: Result(output: folder.path)) }
      try Console.result("wrote \(folder.path)")
    }
  }
}

/// Where a tokenizer is written.
enum TokenizerOutput {
  /// The folder that an option names, unless it holds a tokenizer already.
  static func folder(_ path: String) throws -> URL {
    let folder = URL(fileURLWithPath: path)
    if FileManager.default.fileExists(atPath: folder.appending(path: "tokenizer.json").path) {
      throw Failure.BadInput(description: "--output \(path) already holds a tokenizer; choose another folder")
    }
    return folder
  }
}
