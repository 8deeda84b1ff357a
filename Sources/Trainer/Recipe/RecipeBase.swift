import Foundation

/// M0, the model that round 1 starts from (`base`).
package enum RecipeBase: Sendable, Equatable {
  /// A pretrained model's folder or file.
  case model(URL)
  /// A model of a named size with random weights; without a tokenizer the rows must be tokenised already.
  case preset(name: String, tokenizer: RecipeTokenizer?)
}

/// Origin of a tokenizer that the recipe names.
package enum RecipeTokenizer: Sendable, Equatable {
  /// 256 bytes, three special tokens, and beyond these 259 tokens learned from the texts of all rounds.
  case bytes(vocabularySize: Int)
  /// A tokenizer's file, or a model's folder.
  case file(URL)
}

/// The keys of `base`; a model and a preset exclude each other.
struct BaseSettings: Sendable {
  var model: URL?
  var preset: String?
  var tokenizer: RecipeTokenizer?
  var chatTemplate: RecipeChatTemplate?
  var storage = BaseStorage.fp32

  /// Advice for a base without a model or a preset.
  static let remedy = "name a model, as in base: {model: models/SmolLM2-135M-Instruct}, or a preset"

  /// The form of `base`.
  static let form = KeyForm<BaseSettings>.mapping(keys, defaults: BaseSettings(), check: check)

  private static let keys: [Key<BaseSettings>] = [
    Key(
      "model", \.model, KeyForm.model.orAbsent,
      "Pretrained model: a Hugging Face folder, a .gguf file, a llama2.c .bin file, or a name of the hub (ORG/NAME, "
        + "hf:ORG/NAME@REVISION) that `accrete download` has fetched."
    ) { reader, _, _ throws(RecipeError) in
      guard reader.node("preset") != nil else { return }
      throw RecipeError(
        place: reader.place(of: "preset"), message: "base.preset stands beside base.model: keep one of them")
    },
    Key(
      "preset", \.preset, KeyForm.text("a preset's name").orAbsent,
      "Size of a model with random weights, in place of `model`."),
    Key(
      "tokenizer", \.tokenizer, .tokenizer,
      "Tokenizer: a file, a model's folder or its name at the hub; of a preset also one that is learned from the "
        + "rounds' texts. Beside a model it stands in for the model's own."
    ) { reader, _, base throws(RecipeError) in
      guard reader.node("model") != nil, case .bytes = base.tokenizer else { return }
      throw RecipeError(
        place: reader.place(of: "tokenizer"),
        message: "base.tokenizer would be learned from the rounds' texts, which the weights of base.model do not know: "
          + "name the file or folder of the tokenizer that the model was trained with")
    },
    Key(
      "chat_template", \.chatTemplate, RecipeChatTemplate.form.orAbsent,
      "Template of dialogues, for a base that has none, or in place of its own. Control tokens that it writes and the "
        + "tokenizer lacks are added to tokenizer and model."),
    Key(
      "dtype", \.storage, .word, "Type of the base's weights on the device; all but fp32 need `method: {type: lora}`."),
  ]

  private static func check(_ reader: RecipeReader, _ base: BaseSettings) throws(RecipeError) {
    // The settings may hold a placeholder, a preset without a name: the recipe's own keys decide.
    guard reader.node("model") == nil, reader.node("preset") == nil else { return }
    throw reader.missing("model", remedy: remedy)
  }
}

extension KeyForm<RecipeTokenizer?> {
  /// The form of `tokenizer`: null, a path, or the mapping of a tokenizer that is learned.
  fileprivate static var tokenizer: Self {
    let path = KeyForm<URL>.model
    let learned = KeyForm<Int>.mapping(
      [
        Key(
          "vocab_size", \.self, .count(1...10_000_000),
          required: "give the number of tokens to train, as in {vocab_size: 2048}",
          "Tokens of the vocabulary: 256 bytes, three special tokens, and what is learned beyond these 259.")
      ], defaults: 0)
    return KeyForm(words: "null, a path, a name of the hub, or a mapping", inner: learned.inner) {
      reader, key, _ throws(RecipeError) in
      guard let node = reader.node(key), !node.isNull else { return nil }
      if case .mapping = node.content { return .bytes(vocabularySize: try learned.read(reader, key, nil)) }
      return .file(try path.read(reader, key, nil))
    } write: { tokenizer in
      switch tokenizer {
      case nil: nil
      case .bytes(let size): learned.write(size)
      case .file(let url): path.write(url)
      }
    }
  }
}

extension Recipe {
  /// The keys of `base`.
  var baseSettings: BaseSettings {
    get {
      switch base {
      case .model(let url):
        BaseSettings(
          model: url, tokenizer: baseTokenizer.map { .file($0) }, chatTemplate: chatTemplate, storage: baseStorage)
      case .preset(let name, let tokenizer):
        BaseSettings(preset: name, tokenizer: tokenizer, chatTemplate: chatTemplate, storage: baseStorage)
      }
    }
    set {
      base =
        newValue.model.map { .model($0) } ?? .preset(name: newValue.preset ?? "", tokenizer: newValue.tokenizer)
      baseTokenizer = if newValue.model != nil, case .file(let url) = newValue.tokenizer { url } else { nil }
      chatTemplate = newValue.chatTemplate
      baseStorage = newValue.storage
    }
  }
}
