import Foundation

/// Origin of a tokenizer, which decides the files that saving it writes.
package enum TokenizerOrigin: Sendable {
  /// The files of a Hugging Face folder. Their bytes are kept, not the folder's path: a run of many hours saves
  /// long after the folder it began from may have been moved, changed or deleted.
  case files([File])
  /// Something else (GGUF, llama2.c, bytes): its files are made from the model.
  case model

  /// A file by its name and content.
  package struct File: Sendable, Equatable {
    var name: String
    var content: Data
  }

  /// The names under which a Hugging Face folder keeps what belongs to a tokenizer.
  static let fileNames = [
    "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "tokenizer.model",
    "vocab.json", "merges.txt", "chat_template.jinja", "chat_template.json",
  ]
}
