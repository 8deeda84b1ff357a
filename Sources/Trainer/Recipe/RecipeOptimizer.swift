extension OptimizerSettings {
  /// The keys of the whole recipe that choose the optimiser.
  static let keys: [Key<OptimizerSettings>] = [
    Key(
      "optimizer", \.kind, .word,
      "Optimiser of every round. Lion keeps one state; Muon keeps one for matrices and leaves the rest to AdamW."),
    Key("optim", \.moments, .word, "Storage of AdamW's two moments of matrices: 32, 16 or 8 bits a number."),
  ]
}

extension Recipe {
  /// Refuses moments in fewer bits for an optimiser other than AdamW.
  func checkOptimizer(at reader: RecipeReader) throws(RecipeError) {
    guard optimizer.kind != .adamw, optimizer.moments != .float32 else { return }
    throw RecipeError(
      place: reader.place(of: "optim"),
      message: "optim: \(optimizer.moments.rawValue) keeps AdamW's moments in fewer bits, and optimizer is "
        + "\(optimizer.kind.rawValue): remove optim, or set optimizer: adamw")
  }
}
