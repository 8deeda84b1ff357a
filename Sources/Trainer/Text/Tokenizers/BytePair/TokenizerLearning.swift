import Foundation

/// A byte-level vocabulary learned from the texts of datasets.
package struct LearnedTokenizer: Sendable {
  /// The tokens that a model which starts from nothing has, in their order.
  package static let defaultSpecial = ["<|bos|>", "<|eos|>", "<|pad|>"]

  package let tokenizer: SubwordTokenizer
  /// Tokens that were asked for.
  package let wantedSize: Int
  package let mergeCount: Int
  /// True where no pair of neighbours occurred often enough, before the vocabulary was full.
  package let endedEarly: Bool

  /// Rows to learn from.
  package struct Source: Sendable {
    package let files: RowFiles
    package let columns: ColumnNames
    package let part: DatasetPart

    package init(files: RowFiles, columns: ColumnNames = .none, part: DatasetPart = .whole) {
      self.files = files
      self.columns = columns
      self.part = part
    }
  }

  /// Learns from every text of every row.
  /// - Parameters:
  ///   - sources: files that are named alike twice count once
  ///   - vocabularySize: bytes and special tokens included
  ///   - leastCount: how often a pair must occur to become a token
  /// - Throws: `DatasetError` or `TokenizerError`.
  package init(
    _ sources: [Source], vocabularySize: Int, special: [String] = defaultSpecial, leastCount: Int = 2
  ) throws {
    var trainer = BytePairTrainer()
    var seen: Set<RowFiles> = []
    for source in sources where seen.insert(source.files).inserted {
      let reader = try DatasetReader(source.files, columns: source.columns)
      let count = source.part == .whole ? 0 : try reader.countRows()
      try reader.forEachRow { entry throws(DatasetError) in
        guard source.part.contains(entry.index, of: count) else { return }
        for text in entry.row.texts { trainer.add(text) }
      }
    }
    try self.init(trainer, vocabularySize: vocabularySize, special: special, leastCount: leastCount)
  }

  /// Learns from words that are counted already.
  package init(
    _ trainer: BytePairTrainer, vocabularySize: Int, special: [String], leastCount: Int
  ) throws(TokenizerError) {
    func unsupported(_ place: String, _ feature: String, _ remedy: String) -> TokenizerError {
      .unsupported(path: "to be learned", place: place, feature: feature, remedy: remedy)
    }
    let least = 256 + special.count
    guard vocabularySize >= least, vocabularySize < Int(Int32.max) else {
      throw unsupported(
        "vocab_size", "\(vocabularySize) tokens",
        "set vocab_size to at least \(least): 256 bytes and \(special.count) special tokens")
    }
    let bytes = (UInt8.min...UInt8.max).map { ByteAlphabet.piece(of: [$0]) }
    for (index, token) in special.enumerated() where special[..<index].contains(token) || token.isEmpty {
      throw unsupported("special", "\(token.debugDescription) twice or empty", "name each special token once")
    }
    if let token = special.first(where: bytes.contains) {
      throw unsupported("special", "\(token.debugDescription), which spells a byte", "choose a longer name")
    }
    let result = trainer.learn(
      symbolCount: vocabularySize - special.count, leastCount: leastCount, forbidden: Set(special))
    // Bytes by their value, the special tokens, then what was learned.
    let offset = Int32(special.count)
    func id(_ symbol: Int32) -> Int32 { symbol < 256 ? Int32(BytePairTrainer.alphabet[Int(symbol)]) : symbol + offset }
    let added = special.enumerated().map { AddedToken(id: Int32(256 + $0), content: $1, isSpecial: true) }
    let model = SubwordModel(
      pieces: bytes + special + result.pieces.dropFirst(256).map(ByteAlphabet.piece),
      alphabet: .bytes,
      merges: result.merges.map { .init(left: id($0.left), right: id($0.right), result: id($0.result)) },
      added: added, preTokenizers: [.byteLevel(addsPrefixSpace: false, splitsWords: true)])
    tokenizer = SubwordTokenizer(
      model, special: SpecialTokenRoles.conventional(added), chatTemplate: nil, source: .model)
    wantedSize = vocabularySize
    mergeCount = result.merges.count
    endedEarly = result.endedEarly
  }

  /// Report on the vocabulary that was learned, in a line.
  package var summary: String {
    let end = endedEarly ? "; no other pair of neighbours occurs twice" : ""
    return "tokenizer: \(tokenizer.vocabularySize) of \(wantedSize) tokens learned from the rounds' texts\(end)"
  }
}

extension DatasetRow {
  /// The texts of a row, without what a template would put around them.
  var texts: [String] {
    switch self {
    case .text(let text): [text]
    case .completion(let prompt, let completion, let before): before.flatMap(\.texts) + [prompt, completion]
    case .conversation(let conversation): conversation.texts
    case .tokens: []
    }
  }
}
