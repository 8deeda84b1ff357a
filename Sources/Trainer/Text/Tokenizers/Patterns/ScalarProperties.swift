import Foundation

/// The sets of scalars that patterns name: `\p{L}`, `\s`, `[:alpha:]` and the like.
///
/// General categories are the standard library's, so that they agree with `WordScanner`; scripts and other properties are
/// those of Foundation's ICU. Names are Oniguruma's: case, spaces, "-" and "_" do not count.
enum ScalarProperties {
  /// `\s`
  static let space = set { $0.isWhitespace }
  /// `\d`
  static let digit = categories(["Nd"])
  /// `\w` in brackets: letters, marks, decimal digits and connecting punctuation.
  static let word = set { $0.isAlphabetic }.union(categories(["M", "Nd", "Pc"]))
  /// `\w` alone, and `\b`: Oniguruma counts Latin-1's other numbers, "²" and "½" and the like, as well.
  static let wordAlone = word.union(ScalarSet([0xB2...0xB3, 0xB9...0xB9, 0xBC...0xBE]))
  /// `\h`
  static let hexDigit = ScalarSet([0x30...0x39, 0x41...0x46, 0x61...0x66])
  /// `.`: all but "\n".
  static let notNewline = ScalarSet("\n").inverted

  /// The set of a property's name, or nil where no property has it.
  static func named(_ name: String) -> ScalarSet? {
    let plain = name.filter { !" -_".contains($0) }.lowercased()
    guard !plain.isEmpty, plain.utf8.allSatisfy({ (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) }) else {
      return nil
    }
    if plain == "punct" { return categories(["P"]) }
    if let set = posix(plain) { return set }
    if let short = longNames[plain] { return categories([short]) }
    if let short = shortNames.first(where: { $0.lowercased() == plain }) { return categories([short]) }
    return foundation(named: name.filter { $0 != " " })
  }

  /// The set of a POSIX bracket's name.
  static func posix(_ name: String) -> ScalarSet? {
    switch name {
    case "alpha": return set { $0.isAlphabetic }
    case "alnum": return set { $0.isAlphabetic }.union(digit)
    case "ascii": return ScalarSet([0...0x7F])
    case "blank": return categories(["Zs"]).union(ScalarSet("\t"))
    case "cntrl": return categories(["Cc"])
    case "digit": return digit
    case "lower": return set { $0.isLowercase }
    case "upper": return set { $0.isUppercase }
    case "punct": return categories(["P", "S"])
    case "space": return space
    case "word": return word
    case "xdigit": return hexDigit
    case "graph": return space.union(categories(["Cc", "Cn", "Cs"])).inverted
    case "print": return space.union(categories(["Cc", "Cn", "Cs"])).inverted.union(categories(["Zs"]))
    case "any": return .all
    default: return nil
    }
  }

  /// The short names of the general categories, in the order of their numbers.
  private static let shortNames = [
    "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm",
    "Sc", "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co", "Cn", "L", "M", "N", "P", "S", "Z", "C", "LC",
  ]

  private static let longNames = [
    "letter": "L", "uppercaseletter": "Lu", "lowercaseletter": "Ll", "titlecaseletter": "Lt", "casedletter": "LC",
    "modifierletter": "Lm", "otherletter": "Lo", "mark": "M", "combiningmark": "M", "nonspacingmark": "Mn",
    "spacingmark": "Mc", "enclosingmark": "Me", "number": "N", "decimalnumber": "Nd", "letternumber": "Nl",
    "othernumber": "No", "punctuation": "P", "connectorpunctuation": "Pc", "dashpunctuation": "Pd",
    "openpunctuation": "Ps", "closepunctuation": "Pe", "initialpunctuation": "Pi", "finalpunctuation": "Pf",
    "otherpunctuation": "Po", "symbol": "S", "mathsymbol": "Sm", "currencysymbol": "Sc", "modifiersymbol": "Sk",
    "othersymbol": "So", "separator": "Z", "spaceseparator": "Zs", "lineseparator": "Zl", "paragraphseparator": "Zp",
    "other": "C", "control": "Cc", "format": "Cf", "surrogate": "Cs", "privateuse": "Co", "unassigned": "Cn",
  ]

  /// The scalars of some general categories, by their short names.
  static func categories(_ names: [String]) -> ScalarSet {
    categorySets.enumerated().reduce(ScalarSet.none) { set, category in
      let short = shortNames[category.offset]
      let isMember = names.contains { name in
        name == short || (name.count == 1 && short.hasPrefix(name)) || (name == "LC" && category.offset < 3)
      }
      return isMember ? set.union(category.element) : set
    }
  }

  /// The scalars of each general category, in the order of `shortNames`.
  private static let categorySets: [ScalarSet] = {
    var ranges = [[ClosedRange<UInt32>]](repeating: [], count: 30)
    var start: UInt32 = 0
    while start < tableEnd {
      let number = categoryTable[Int(start)]
      var end = start + 1
      while end < tableEnd, categoryTable[Int(end)] == number { end += 1 }
      ranges[Int(number)].append(start...end - 1)
      start = end
    }
    // Beyond the table nothing is assigned but plane 14's tags and selectors, and the private planes.
    let tags: [ClosedRange<UInt32>] = [0xE0001...0xE0001, 0xE0020...0xE007F]
    let privateUse: [ClosedRange<UInt32>] = [0xF0000...0xFFFFD, 0x100000...0x10FFFD]
    ranges[26] += tags
    ranges[5].append(0xE0100...0xE01EF)
    ranges[28] += privateUse
    let assigned = ScalarSet(tags + [0xE0100...0xE01EF] + privateUse)
    ranges[29] += ScalarSet([tableEnd...ScalarSet.end - 1]).intersection(assigned.inverted).ranges
    return ranges.map { ScalarSet($0) }
  }()

  /// Planes 0 to 3 hold every assigned character but those that `categories` names.
  private static let tableEnd: UInt32 = 0x40000

  /// The number of each scalar's general category, by `shortNames`.
  private static let categoryTable: [UInt8] = (0..<tableEnd).map { value in
    guard let scalar = Unicode.Scalar(value) else { return 27 }
    switch scalar.properties.generalCategory {
    case .uppercaseLetter: return 0
    case .lowercaseLetter: return 1
    case .titlecaseLetter: return 2
    case .modifierLetter: return 3
    case .otherLetter: return 4
    case .nonspacingMark: return 5
    case .spacingMark: return 6
    case .enclosingMark: return 7
    case .decimalNumber: return 8
    case .letterNumber: return 9
    case .otherNumber: return 10
    case .connectorPunctuation: return 11
    case .dashPunctuation: return 12
    case .openPunctuation: return 13
    case .closePunctuation: return 14
    case .initialPunctuation: return 15
    case .finalPunctuation: return 16
    case .otherPunctuation: return 17
    case .mathSymbol: return 18
    case .currencySymbol: return 19
    case .modifierSymbol: return 20
    case .otherSymbol: return 21
    case .spaceSeparator: return 22
    case .lineSeparator: return 23
    case .paragraphSeparator: return 24
    case .control: return 25
    case .format: return 26
    case .surrogate: return 27
    case .privateUse: return 28
    case .unassigned: return 29
    @unknown default: return 29
    }
  }

  private static func set(where isMember: (Unicode.Scalar.Properties) -> Bool) -> ScalarSet {
    ScalarSet(below: tableEnd) { Unicode.Scalar($0).map { isMember($0.properties) } ?? false }
  }

  /// All scalars below the table's end, as a text whose place in UTF-16 tells the scalar.
  private static let everyScalar: String = {
    var scalars = String.UnicodeScalarView()
    for value in 0..<tableEnd { if let scalar = Unicode.Scalar(value) { scalars.append(scalar) } }
    return String(scalars)
  }()

  /// The set of a script or another property that ICU knows by a name.
  static func foundation(named name: String) -> ScalarSet? {
    guard let expression = try? NSRegularExpression(pattern: "\\p{\(name)}+") else { return nil }
    let text = everyScalar
    let range = NSRange(location: 0, length: text.utf16.count)
    func scalar(_ offset: Int) -> UInt32 {
      // 0xD800 scalars, then those after the surrogates, then two units for each beyond the first plane.
      if offset < 0xD800 { return UInt32(offset) }
      let basic = 0x10000 - 0x800
      return UInt32(offset < basic ? offset + 0x800 : 0x10000 + (offset - basic) / 2)
    }
    return ScalarSet(
      expression.matches(in: text, range: range).map {
        scalar($0.range.location)...scalar($0.range.location + $0.range.length - 1)
      })
  }
}
