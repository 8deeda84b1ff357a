/// The rows of single tokens in an adapter's files (`trainable_token_indices`).
extension ConfigurationFields {
  /// The ids of adapter_config.json by modules' names; a list alone is the embedding's.
  var tokenIndices: [String: [Int]] {
    get throws(FileError) {
      guard object[TokenRows.key]?.array == nil else {
        return [TokenRows.embedding: try integers(TokenRows.key) ?? []]
      }
      var lists: [String: [Int]] = [:]
      if let section = try section(TokenRows.key) {
        for member in section.object.members { lists[member.key] = try section.integers(member.key) }
      }
      return lists
    }
  }
}

extension LlamaConfiguration {
  /// The configuration with rows for the tokens that an adapter brings beyond the base's vocabulary; itself where it
  /// brings none.
  ///
  /// - Parameter fields: of adapter_config.json.
  /// - Throws: `FileError` where such a token lacks a row of embedding or output projection.
  func grown(by fields: ConfigurationFields) throws(FileError) -> LlamaConfiguration {
    let lists = try fields.tokenIndices
    guard let last = lists.values.joined().max(), last >= vocabSize else { return self }
    guard let missing = Self.token(of: vocabSize...last, without: lists, isTied: tieWordEmbeddings) else {
      var grown = self
      grown.vocabSize = last + 1
      return grown
    }
    throw fields.unsupported(
      TokenRows.key, "names token \(last), and token \(missing), which the base lacks too, has not all of its rows",
      remedy: "give the adapter of this base, or a base whose vocabulary has been enlarged")
  }

  /// The first of some tokens that lacks a row; nil where none does.
  private static func token(
    of new: ClosedRange<Int>, without lists: [String: [Int]], isTied: Bool
  ) -> Int? {
    func rows(_ weight: String) -> Set<Int> {
      Set(lists.filter { ("." + weight).hasSuffix("." + LoRATarget.key(ofWeight: $0.key)) }.values.joined())
    }
    let tables = (isTied ? [LlamaParameterName.embedding] : [LlamaParameterName.embedding, LlamaParameterName.output])
      .map(rows)
    // A count first: a made-up id may be huge.
    let most = tables.map(\.count).max() ?? 0
    return new.prefix(most + 1).first { id in !tables.allSatisfy { $0.contains(id) } }
  }
}

extension ModelSource {
  /// The base's rows of some tokens, [n, C].
  func rows(_ rows: TokenRows) throws -> [Float] {
    var values: [Float] = []
    for id in rows.indices { try withRows(id..<id + 1, of: rows.weight) { values += $0 } }
    return values
  }
}

extension PEFTAdapter {
  /// The rows of tokens by the keys of their tables, and by their ids.
  func tokenRowsByID() throws(FileError) -> [String: [Int: [Float]]] {
    var tables: [String: [Int: [Float]]] = [:]
    for rows in tokenRows {
      let values = try tokenRowValues(rows)
      let pairs = rows.indices.enumerated().map { place, id in
        (id, Array(values[place * rows.width..<(place + 1) * rows.width]))
      }
      tables[rows.weight] = Dictionary(uniqueKeysWithValues: pairs)
    }
    return tables
  }

  private func tokenRowValues(_ rows: TokenRows) throws(FileError) -> [Float] {
    do { return try values(of: rows) } catch let error as FileError {
      throw error
    } catch {
      throw FileError(
        .inputOutput, path: weightsPath, "the rows of \(rows.module) cannot be read (\(error.systemReason))",
        remedy: "check the disk")
    }
  }
}
