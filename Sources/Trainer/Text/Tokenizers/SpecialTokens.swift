/// The tokens with a role of their own.
package struct SpecialTokens: Sendable, Equatable {
  /// Begins a text.
  package var bos: Int32?
  /// Each of these ends a text; the first is the one that training appends.
  package var eos: [Int32]
  /// Fills short rows.
  package var pad: Int32?
  /// Stands for what the vocabulary cannot spell.
  package var unk: Int32?
  /// True where a text gets `bos` before it.
  package var addsBOS: Bool
  /// True where a text gets the first of `eos` after it.
  package var addsEOS: Bool

  package init(
    bos: Int32? = nil, eos: [Int32] = [], pad: Int32? = nil, unk: Int32? = nil, addsBOS: Bool = false,
    addsEOS: Bool = false
  ) {
    self.bos = bos
    self.eos = eos
    self.pad = pad
    self.unk = unk
    self.addsBOS = addsBOS
    self.addsEOS = addsEOS
  }
}
