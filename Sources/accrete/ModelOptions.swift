import ArgumentParser
import Foundation
import GPUTensor
import Trainer

/// `--model` and `--tokenizer`.
struct ModelOptions: ParsableArguments {
  @Option(help: "A Hugging Face folder, a .gguf file, a llama2.c .bin, or a PEFT adapter that names its base.")
  var model: String

  @Option(help: "The folder of a PEFT adapter to merge into the model.")
  var adapter: String?

  @Option(help: "Where the tokenizer is, if not with the model: a folder, a file, or llama2.c's tokenizer.bin.")
  var tokenizer: String?

  /// Opens the model's files; nothing is sent to a device.
  func open() throws -> any ModelSource { try Self.open(model, tokenizer: tokenizer, adapter: adapter) }

  /// Opens a model's files, and says on stderr what there is to remark on them.
  static func open(_ model: String, tokenizer: String? = nil, adapter: String? = nil) throws -> any ModelSource {
    let source = try openModel(
      at: URL(fileURLWithPath: model), tokenizer: tokenizer.map { URL(fileURLWithPath: $0) },
      adapter: adapter.map { URL(fileURLWithPath: $0) })
    source.notes.forEach(Console.note)
    return source
  }

  /// The tokenizer alone: also of a folder that holds nothing else.
  func openTokenizer() throws -> any Tokenizer {
    let url = URL(fileURLWithPath: tokenizer ?? model)
    if tokenizer == nil, try Self.holdsModel(url) {
      if let found = try loadTokenizer(of: try open()) { return found }
    }
    return try loadTokenizer(at: url)
  }

  private static func holdsModel(_ url: URL) throws -> Bool {
    var isFolder = ObjCBool(false)
    guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else { return false }
    guard isFolder.boolValue else { return try GGUFFile.stands(at: url) }
    return FileManager.default.fileExists(atPath: url.appending(path: "config.json").path)
  }
}

/// Token ids and texts as the commands take them.
enum TokenInput {
  /// Ids from `1,2,3`, each in the model's vocabulary.
  static func ids(_ text: String, vocabularySize: Int) throws -> [Int32] {
    try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
      guard let id = Int32(part.trimmingCharacters(in: .whitespaces)), (0..<Int32(vocabularySize)).contains(id) else {
        throw Failure.BadInput(
          description: "--ids: \"\(part)\" is no token id; give numbers from 0 to \(vocabularySize - 1), with commas")
      }
      return id
    }
  }

  /// The tokenizer, or an error that says what to give instead of text.
  static func require(_ tokenizer: (any Tokenizer)?, option: String) throws -> any Tokenizer {
    guard let tokenizer else {
      throw Failure.BadInput(
        description: "\(option): the model has no tokenizer; give --tokenizer, or token ids with --ids")
    }
    return tokenizer
  }

  /// The chat template, or an error that says what to do without one.
  static func template(of tokenizer: any Tokenizer, option: String) throws -> ChatTemplate {
    guard let template = tokenizer.chatTemplate else {
      throw Failure.BadInput(
        description: "\(option): the model has no chat template; give raw text with `accrete generate --prompt`")
    }
    return try ChatTemplate(template)
  }

  /// Refuses ids that the model has no row for: a tokenizer of another model.
  static func check(_ ids: [Int32], _ configuration: LlamaConfiguration, limit: Int) throws {
    if let wrong = ids.first(where: { $0 < 0 || $0 >= Int32(configuration.vocabSize) }) {
      throw Failure.BadInput(
        description: "the tokenizer gives id \(wrong), the model has \(configuration.vocabSize) tokens; "
          + "give the model's own tokenizer")
    }
    if ids.count > limit {
      throw Failure.BadInput(
        description: "\(ids.count) tokens are more than the model's \(limit) positions; shorten the input")
    }
  }
}
