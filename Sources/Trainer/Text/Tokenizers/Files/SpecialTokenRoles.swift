/// Decides which tokens begin, end and fill texts, from all that a folder says about it.
struct SpecialTokenRoles {
  /// Spellings to go by where no file names a role: a vocabulary alone has no other place to say so.
  private static let conventionalBOS = ["<s>", "<|begin_of_text|>", "<|bos|>"]
  private static let conventionalEOS = ["</s>", "<|end_of_text|>", "<|eos|>", "<|endoftext|>"]
  private static let conventionalPad = ["<pad>", "<|pad|>"]

  /// The tokens by their roles.
  let special: SpecialTokens

  /// The roles that a `tokenizer.json` and the files beside it give.
  init(file: TokenizerFile, settings: TokenizerSettings) {
    let lookup = Lookup(file.model)
    let template = file.template
    let named = ["bos_token", "eos_token", "pad_token", "unk_token"].map { role in
      settings.spelling(of: role).flatMap(lookup.id)
    }
    var special = SpecialTokens()
    special.bos =
      named[0] ?? template?.before ?? settings.ids(of: "bos_token_id").first(where: lookup.isKnown)
      ?? lookup.added(Self.conventionalBOS)
    special.eos = [named[1] ?? template?.after].compactMap { $0 }
    for id in settings.ids(of: "eos_token_id") where lookup.isKnown(id) && !special.eos.contains(id) {
      special.eos.append(id)
    }
    if special.eos.isEmpty { special.eos = [lookup.added(Self.conventionalEOS)].compactMap { $0 } }
    special.pad =
      named[2] ?? settings.ids(of: "pad_token_id").first(where: lookup.isKnown)
      ?? lookup.added(Self.conventionalPad)
    special.unk = named[3] ?? file.model.unknown

    // The tokenizer's own switch wins over its post-processor, as in transformers; where both are silent,
    // SentencePiece vocabularies add BOS and byte-level ones do not.
    let addsBOSWhenSilent = file.model.alphabet != .bytes
    special.addsBOS = settings.flag("add_bos_token") ?? template.map { $0.before != nil } ?? addsBOSWhenSilent
    special.addsEOS = settings.flag("add_eos_token") ?? template.map { $0.after != nil } ?? false
    special.addsBOS = special.addsBOS && special.bos != nil
    special.addsEOS = special.addsEOS && !special.eos.isEmpty
    // What the post-processor puts there is what counts, whatever else bears the role.
    if special.addsBOS, settings.flag("add_bos_token") == nil, let before = template?.before { special.bos = before }
    if special.addsEOS, settings.flag("add_eos_token") == nil, let after = template?.after {
      special.eos = [after] + special.eos.filter { $0 != after }
    }
    self.special = special
  }

  /// The roles that added tokens have by their spelling alone.
  static func conventional(_ added: [AddedToken]) -> SpecialTokens {
    func first(_ spellings: [String]) -> Int32? {
      spellings.lazy.compactMap { spelling in added.first { PieceKey($0.content) == PieceKey(spelling) }?.id }.first
    }
    return SpecialTokens(
      bos: first(conventionalBOS), eos: [first(conventionalEOS)].compactMap { $0 }, pad: first(conventionalPad))
  }

  private struct Lookup {
    private let pieces: [String]
    private let addedIDs: [PieceKey: Int32]
    private let size: Int

    init(_ model: SubwordModel) {
      pieces = model.pieces
      addedIDs = Dictionary(model.added.map { (PieceKey($0.content), $0.id) }) { first, _ in first }
      size = max(model.pieces.count, (model.added.map { Int($0.id) }.max() ?? -1) + 1)
    }

    func id(_ spelling: String) -> Int32? {
      if let id = addedIDs[PieceKey(spelling)] { return id }
      return pieces.firstIndex { $0.utf8.elementsEqual(spelling.utf8) }.map(Int32.init)
    }

    func added(_ spellings: [String]) -> Int32? { spellings.lazy.compactMap { addedIDs[PieceKey($0)] }.first }

    func isKnown(_ id: Int32) -> Bool { Int(id) < size }
  }
}
