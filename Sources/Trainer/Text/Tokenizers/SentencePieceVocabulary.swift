import Foundation

/// Reads a SentencePiece `tokenizer.model`: a protocol-buffer message, of which only the fields named here are used.
/// - Source: `sentencepiece_model.proto` of google/sentencepiece.
package struct SentencePieceVocabulary {
  private var description: VocabularyDescription
  private var modelType: UInt64 = 1
  private var normalizer = "nmt_nfkc"
  private var hasCharacterMap = false
  private var removesExtraSpaces = true
  // The message's own defaults.
  private var unknownID = 0
  private var bosID = 1
  private var eosID = 2
  private var padID = -1

  package static func description(_ bytes: [UInt8], path: String) throws(TokenizerError) -> VocabularyDescription {
    var reader = SentencePieceVocabulary(path: path)
    try reader.readModel(bytes)
    return try reader.checked()
  }

  private init(path: String) {
    description = VocabularyDescription(model: "llama", tokens: [], scores: [], types: [], path: path)
    description.addSpacePrefix = true
  }

  private func checked() throws(TokenizerError) -> VocabularyDescription {
    if modelType != 2 { throw unsupported("trainer_spec.model_type", "type \(modelType), where 2 is BPE") }
    if hasCharacterMap { throw unsupported("normalizer_spec.name", "the character map \(normalizer)") }
    if removesExtraSpaces { throw unsupported("normalizer_spec.remove_extra_whitespaces", "joining of spaces") }
    var result = description
    let count = result.tokens.count
    func known(_ id: Int) -> Int? { (0..<count).contains(id) ? id : nil }
    result.unknownTokenID = known(unknownID)
    result.bosTokenID = known(bosID)
    result.eosTokenID = known(eosID)
    result.padTokenID = known(padID)
    return result
  }

  private func unsupported(_ place: String, _ feature: String) -> TokenizerError {
    .unsupported(
      path: description.path, place: place, feature: feature,
      remedy: "save the tokenizer with transformers and use its tokenizer.json")
  }

  private mutating func readModel(_ bytes: [UInt8]) throws(TokenizerError) {
    var message = ProtobufMessage(bytes, path: description.path)
    while let field = try message.next() {
      switch (field.number, field.value) {
      case (1, .bytes(let piece)): try readPiece(piece)
      case (2, .bytes(let trainer)): try readTrainer(trainer)
      case (3, .bytes(let normalizer)): try readNormalizer(normalizer)
      default: break
      }
    }
  }

  private mutating func readPiece(_ bytes: [UInt8]) throws(TokenizerError) {
    var message = ProtobufMessage(bytes, path: description.path)
    var piece = ""
    var score: Float = 0
    var type = VocabularyDescription.TokenType.normal
    while let field = try message.next() {
      switch (field.number, field.value) {
      case (1, .bytes(let text)):
        guard let text = String(validating: text, as: UTF8.self) else {
          throw .malformed(
            path: description.path, place: "piece \(description.tokens.count)", problem: "it is not UTF-8")
        }
        piece = text
      case (2, .fixed32(let bits)): score = Float(bitPattern: bits)
      case (3, .varint(let value)): type = Int(clamping: value)
      default: break
      }
    }
    description.tokens.append(piece)
    description.scores?.append(score)
    description.types?.append(type)
  }

  private mutating func readTrainer(_ bytes: [UInt8]) throws(TokenizerError) {
    var message = ProtobufMessage(bytes, path: description.path)
    while let field = try message.next() {
      guard case .varint(let value) = field.value else { continue }
      // Negative ids, "there is none", are written as 64-bit two's complement.
      let id = Int(truncatingIfNeeded: value)
      switch field.number {
      case 3: modelType = value
      case 40: unknownID = id
      case 41: bosID = id
      case 42: eosID = id
      case 43: padID = id
      default: break
      }
    }
  }

  private mutating func readNormalizer(_ bytes: [UInt8]) throws(TokenizerError) {
    var message = ProtobufMessage(bytes, path: description.path)
    while let field = try message.next() {
      switch (field.number, field.value) {
      case (1, .bytes(let name)): normalizer = String(decoding: name, as: UTF8.self)
      case (2, .bytes(let map)): hasCharacterMap = !map.isEmpty
      case (3, .varint(let flag)): description.addSpacePrefix = flag != 0
      case (4, .varint(let flag)): removesExtraSpaces = flag != 0
      default: break
      }
    }
  }
}

/// Walks over the fields of one protocol-buffer message.
struct ProtobufMessage {
  enum Value {
    case varint(UInt64)
    case fixed32(UInt32)
    case bytes([UInt8])
  }

  private var file: FileBytes

  init(_ bytes: [UInt8], path: String) { file = FileBytes(bytes, path: path) }

  /// The next field, or nil at the end. 64-bit fields, which no field of interest is, come as bytes.
  mutating func next() throws(TokenizerError) -> (number: UInt64, value: Value)? {
    if file.isAtEnd { return nil }
    let tag = try file.varint("a field's tag")
    let number = tag >> 3
    switch tag & 7 {
    case 0: return (number, .varint(try file.varint("field \(number)")))
    case 1: return (number, .bytes(Array(try file.take(8, "field \(number)"))))
    case 2:
      let count = Int(clamping: try file.varint("the length of field \(number)"))
      return (number, .bytes(Array(try file.take(count, "field \(number)"))))
    case 5: return (number, .fixed32(try file.uint32("field \(number)")))
    default: throw file.malformed("field \(number) has wire type \(tag & 7)")
    }
  }
}
