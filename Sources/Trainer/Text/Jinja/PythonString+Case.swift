extension PythonString {
  /// The text with its first character in title case and the rest in lower case.
  static func capitalized(_ text: String) -> String {
    guard let first = text.unicodeScalars.first else { return text }
    return first.properties.titlecaseMapping + String(text.unicodeScalars.dropFirst()).lowercased()
  }

  /// Python's `title` method: the first letter of each run of letters in title case, the rest in lower case.
  static func titled(_ text: String) -> String {
    var result = ""
    var isInWord = false
    for scalar in text.unicodeScalars {
      result += isInWord ? scalar.properties.lowercaseMapping : scalar.properties.titlecaseMapping
      isInWord = scalar.properties.isCased
    }
    return result
  }

  /// Jinja's `title` filter: words begin after white space, `-`, `(`, `{`, `[` and `<` alone.
  static func titledWords(_ text: String) -> String {
    var result = ""
    var isInWord = false
    for scalar in text.unicodeScalars {
      result += isInWord ? scalar.properties.lowercaseMapping : scalar.properties.uppercaseMapping
      isInWord = !(scalar.isPythonSpace || "-({[<".unicodeScalars.contains(scalar))
    }
    return result
  }

  /// The text with upper case for lower and lower for upper.
  static func swappedCase(_ text: String) -> String {
    text.unicodeScalars.reduce(into: "") { result, scalar in
      let properties = scalar.properties
      result += properties.isUppercase ? properties.lowercaseMapping : properties.uppercaseMapping
    }
  }

  /// True where all cased letters are of one case, and there is one.
  static func isCased(_ text: String, upper: Bool) -> Bool {
    var found = false
    for scalar in text.unicodeScalars {
      let properties = scalar.properties
      if (upper ? properties.isLowercase : properties.isUppercase) || properties.generalCategory == .titlecaseLetter {
        return false
      }
      found = found || (upper ? properties.isUppercase : properties.isLowercase)
    }
    return found
  }

  /// The text as HTML shows it: Python's `markupsafe.escape`.
  static func escapedForHTML(_ text: String, _ budget: TemplateBudget) throws(TemplateFault) -> String {
    try budget.spend(bytes: text.utf8.count, times: 5)
    return text.unicodeScalars.reduce(into: "") { result, scalar in
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "'": result += "&#39;"
      case "\"": result += "&#34;"
      default: result.unicodeScalars.append(scalar)
      }
    }
  }

  /// A character as Python's `repr` escapes it.
  static func escaped(_ scalar: Unicode.Scalar) -> String {
    let value = Int(scalar.value)
    if value < 0x100 { return "\\x" + hexadecimal(value, digits: 2) }
    if value < 0x10000 { return "\\u" + hexadecimal(value, digits: 4) }
    return "\\U" + hexadecimal(value, digits: 8)
  }

  /// A number by hexadecimal digits, with zeros in front up to `digits`.
  static func hexadecimal(_ value: Int, digits: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: max(digits - text.count, 0)) + text
  }
}

extension Unicode.Scalar {
  /// True for the characters that Python's `repr` shows as they are.
  var isPythonPrintable: Bool {
    switch properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
    case .spaceSeparator: self == " "
    default: true
    }
  }
}
