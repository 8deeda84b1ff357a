import ArgumentParser
import Foundation
import Trainer

/// The commands that make tokenizers.
struct TokenizerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokenizer", abstract: "Learn a tokenizer, or convert its files.",
    subcommands: [Train.self, Convert.self])

  /// Converts a tokenizer to Hugging Face's files.
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

/// The folder that a tokenizer is written to.
enum TokenizerOutput {
  /// The folder that an option names; throws where it already holds a tokenizer.
  static func folder(_ path: String) throws -> URL {
    let folder = URL(fileURLWithPath: path)
    if FileManager.default.fileExists(atPath: folder.appending(path: "tokenizer.json").path) {
      throw Failure.BadInput(description: "--output \(path) already holds a tokenizer; choose another folder")
    }
    return folder
  }
}
