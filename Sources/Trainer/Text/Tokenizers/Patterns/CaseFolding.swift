/// The scalars that a pattern takes for one another where case does not count: Unicode's simple case folding.
enum CaseFolding {
  /// A set with every scalar that folds as one of its members does.
  static func closed(_ set: ScalarSet) -> ScalarSet {
    var added: [ClosedRange<UInt32>] = []
    for (representative, members) in classes where members.contains(where: { set.contains($0) }) {
      added += members.map { $0...$0 }
      added.append(representative...representative)
    }
    return set.union(ScalarSet(added))
  }

  /// True where Oniguruma takes a scalar for several others, such as "ß" for "ss".
  static func isMultiple(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.uppercaseMapping.unicodeScalars.count > 1
      || scalar.properties.lowercaseMapping.unicodeScalars.count > 1
  }

  /// The pairs of ASCII letters that Oniguruma finds as one ligature, or as "ß".
  static let ligatures: Set<String> = ["ff", "fi", "fl", "ss", "st"]

  /// The scalars with more than one form, by the form that they fold to.
  private static let classes: [UInt32: [UInt32]] = {
    var classes: [UInt32: [UInt32]] = [:]
    // No script with cases lies beyond Adlam's, at 0x1E943.
    for value in 0x41..<UInt32(0x1E944) {
      guard let scalar = Unicode.Scalar(value), let folded = folded(scalar) else { continue }
      classes[folded, default: [folded]].append(value)
    }
    return classes
  }()

  /// The form that a scalar folds to, or nil where that is the scalar itself.
  private static func folded(_ scalar: Unicode.Scalar) -> UInt32? {
    // Turkish i's fold to themselves where no language is named.
    guard scalar.properties.isCased || scalar.properties.changesWhenCaseMapped, scalar != "İ", scalar != "ı" else {
      return nil
    }
    let upper = one(scalar.properties.uppercaseMapping) ?? scalar
    let lower = one(upper.properties.lowercaseMapping) ?? upper
    return lower == scalar ? nil : lower.value
  }

  private static func one(_ text: String) -> Unicode.Scalar? {
    let scalars = text.unicodeScalars
    return scalars.count == 1 ? scalars.first : nil
  }
}
