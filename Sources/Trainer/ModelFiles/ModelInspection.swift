import Foundation

/// Contents of a model's files, told without reading the weights.
package struct ModelInspection: Encodable, Sendable {
  /// A tensor as it stands in its file.
  package struct Tensor: Encodable, Sendable {
    package let name: String
    package let shape: [Int]
    package let dtype: String
    package let bytes: Int
  }

  /// Size and special tokens of a tokenizer.
  package struct TokenizerSummary: Encodable, Sendable {
    package let vocabSize: Int
    package let bosToken: String?
    package let eosTokens: [String]
    package let padToken: String?
    package let addsBos: Bool
    package let addsEos: Bool
  }

  /// The path that was opened.
  package let path: String
  /// Kind of the files, such as `GGUF`.
  package let format: String
  /// Numbers in all weights; nil where the files are no whole model.
  package let parameters: Int?
  /// Bytes of all tensors in the files.
  package let bytes: Int
  /// config.json, as this model would be saved.
  package let configuration: JSON?
  /// The tensors; in the model's order where the files are a whole model.
  package let tensors: [Tensor]
  /// The tokenizer; nil where there is none.
  package let tokenizer: TokenizerSummary?
  /// The template of a dialogue, in Jinja.
  package let chatTemplate: String?
  /// Remarks on the files, a line each.
  package let notes: [String]

  /// Looks at a model, at a safetensors file alone, or at a tokenizer alone.
  package init(_ url: URL, tokenizer: URL? = nil) throws {
    if url.pathExtension.lowercased() == "safetensors" {
      self.init(try SafetensorsFile(url))
    } else if try ["json", "model"].contains(url.pathExtension.lowercased()) || TokenizerFiles.standAlone(in: url) {
      self.init(tokenizer: try loadTokenizer(at: url), path: url.path)
    } else {
      try self.init(openModel(at: url, tokenizer: tokenizer))
    }
  }

  private init(_ source: any ModelSource) throws {
    let model = source.configuration
    path = source.path
    format = source.format
    parameters = model.parameterCount
    tensors = model.parameters.compactMap { parameter in
      source.stored(parameter.name).map {
        Tensor(name: parameter.name, shape: parameter.shape, dtype: $0.type, bytes: $0.byteCount)
      }
    }
    bytes = tensors.reduce(0) { $0 + $1.bytes }
    configuration = model.huggingFaceConfig()
    let tokenizer = try loadTokenizer(of: source)
    self.tokenizer = tokenizer.map { TokenizerSummary($0) }
    chatTemplate = tokenizer?.chatTemplate
    notes = source.notes
  }

  private init(_ file: SafetensorsFile) {
    path = file.path
    format = "safetensors"
    parameters = nil
    tensors = file.entries.map {
      Tensor(name: $0.name, shape: $0.shape, dtype: $0.elementType, bytes: $0.byteRange.count)
    }
    bytes = tensors.reduce(0) { $0 + $1.bytes }
    configuration = nil
    tokenizer = nil
    chatTemplate = nil
    notes = []
  }

  private init(tokenizer: any Tokenizer, path: String) {
    self.path = path
    format = "tokenizer"
    parameters = nil
    bytes = 0
    configuration = nil
    tensors = []
    self.tokenizer = TokenizerSummary(tokenizer)
    chatTemplate = tokenizer.chatTemplate
    notes = []
  }
}

extension ModelInspection.TokenizerSummary {
  fileprivate init(_ tokenizer: any Tokenizer) {
    let special = tokenizer.special
    self.init(
      vocabSize: tokenizer.vocabularySize, bosToken: special.bos.map { tokenizer.piece($0) },
      eosTokens: special.eos.map { tokenizer.piece($0) }, padToken: special.pad.map { tokenizer.piece($0) },
      addsBos: special.addsBOS, addsEos: special.addsEOS)
  }
}

extension JSON: Encodable {
  /// Encodes the value as its own kind; of keys that Unicode takes for equal, the first stays.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch content {
    case .null: try container.encodeNil()
    case .bool(let value): try container.encode(value)
    case .integer(let value): try container.encode(value)
    case .number(let value): try container.encode(value)
    case .string(let value): try container.encode(value)
    case .array(let values): try container.encode(values)
    case .object(let object):
      try container.encode(Dictionary(object.members.map { ($0.key, $0.value) }) { first, _ in first })
    }
  }
}
