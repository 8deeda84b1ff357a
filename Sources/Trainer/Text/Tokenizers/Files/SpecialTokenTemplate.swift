/// The tokens that a post-processor puts around one text.
struct SpecialTokenTemplate: Equatable {
  /// The id before the text.
  var before: Int32?
  /// The id after it.
  var after: Int32?

  /// Reads the `post_processor` of a `tokenizer.json`; nil where it says nothing about special tokens.
  static func read(
    _ section: JSON?, reader: TokenizerFileReader
  ) throws(TokenizerError) -> SpecialTokenTemplate? {
    guard let section, !section.isNull else { return nil }
    guard section["type"]?.string == "Sequence" else {
      return try step(section, place: "post_processor", reader: reader)
    }
    guard let processors = section["processors"]?.array else {
      throw reader.malformed("post_processor.processors", "no list")
    }
    var found: SpecialTokenTemplate?
    for (index, processor) in processors.enumerated() {
      let place = "post_processor.processors[\(index)]"
      guard let template = try step(processor, place: place, reader: reader) else { continue }
      if found != nil { throw reader.unsupported(place, "a second template") }
      found = template
    }
    return found
  }

  private static func step(
    _ section: JSON, place: String, reader: TokenizerFileReader
  ) throws(TokenizerError) -> SpecialTokenTemplate? {
    switch section["type"]?.string ?? "" {
    case "ByteLevel": return nil
    case "TemplateProcessing": return try template(section, place: place, reader: reader)
    case "RobertaProcessing":
      return SpecialTokenTemplate(
        before: section["cls"]?.array?.last?.tokenID, after: section["sep"]?.array?.last?.tokenID)
    case let type: throw reader.unsupported(place, "the post-processor \(type)")
    }
  }

  private static func template(
    _ section: JSON, place: String, reader: TokenizerFileReader
  ) throws(TokenizerError) -> SpecialTokenTemplate {
    guard let items = section["single"]?.array else { throw reader.malformed("\(place).single", "no list") }
    var template = SpecialTokenTemplate()
    var seenText = false
    for item in items {
      if item["Sequence"] != nil {
        seenText = true
        continue
      }
      guard let name = item["SpecialToken"]?["id"]?.string,
        let ids = section["special_tokens"]?[name]?["ids"]?.array, let id = ids.first?.tokenID
      else { throw reader.malformed("\(place).single", "a special token without an id") }
      guard ids.count == 1, (seenText ? template.after : template.before) == nil else {
        throw reader.unsupported("\(place).single", "more than one special token on a side")
      }
      if seenText { template.after = id } else { template.before = id }
    }
    return template
  }
}
