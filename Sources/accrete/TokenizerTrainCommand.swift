import ArgumentParser
import Foundation
import Trainer

extension TokenizerCommand {
  /// A byte-level vocabulary learned from texts.
  struct Train: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "train", abstract: "Learn a byte-level BPE from texts, and write it as a Hugging Face folder.")

    @Argument(help: "Texts: .txt files, or files with the rows of a dataset; folders and patterns of such files.")
    var files: [String]

    @Option(help: "How many tokens, the 256 bytes and the special tokens included.")
    var vocabSize: Int

    @Option(help: "The folder to write; it must not hold a tokenizer yet.")
    var output: String

    @Option(parsing: .upToNextOption, help: "Special tokens, instead of <|bos|> <|eos|> <|pad|>.")
    var special: [String] = LearnedTokenizer.defaultSpecial

    @Option(help: "How often two neighbours must occur to become one token.")
    var minFrequency = 2

    @Flag(help: "Print one JSON object.")
    var json = false

    private struct Result: Encodable {
      let output: String
      let vocabSize: Int
      let merges: Int
    }

    func validate() throws {
      let least = 256 + special.count
      guard (least...10_000_000).contains(vocabSize) else {
        throw ValidationError(
          "--vocab-size must be from \(least) (256 bytes and \(special.count) special tokens) to 10000000")
      }
      guard minFrequency >= 1 else { throw ValidationError("--min-frequency must be at least 1") }
    }

    func run() throws {
      let folder = try TokenizerOutput.folder(output)
      let learned = try LearnedTokenizer(
        files.map { .init(files: RowFiles(arguments: [$0])) }, vocabularySize: vocabSize, special: special,
        leastCount: minFrequency)
      let size = learned.tokenizer.vocabularySize
      if learned.endedEarly {
        Console.note(
          "stopped at \(size) of \(vocabSize) tokens: no other pair of neighbours occurs \(minFrequency) times; "
            + "give more text, or a lower --min-frequency")
      }
      try writeTokenizer(learned.tokenizer, to: folder)
      let result = Result(output: folder.path, vocabSize: size, merges: learned.mergeCount)
      if json { return try Console.result(json: result) }
      try Console.result("wrote \(folder.path): \(size) tokens, \(learned.mergeCount) merges")
    }
  }
}
