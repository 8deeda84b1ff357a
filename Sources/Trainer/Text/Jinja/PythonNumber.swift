import Foundation

/// Python's number formats.
enum PythonNumber {
  /// Python's `repr` of a float: the shortest digits that read back as the same number.
  static func shown(_ value: Double) -> String {
    guard value.isFinite else { return value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }
    let (digits, exponent) = decimal(value)
    let sign = value.sign == .minus ? "-" : ""
    guard (-4..<16).contains(exponent) else {
      let fraction = digits.count > 1 ? "." + digits.dropFirst() : ""
      return sign + digits.prefix(1) + fraction + "e" + power(exponent)
    }
    if exponent < 0 { return sign + "0." + String(repeating: "0", count: -exponent - 1) + digits }
    let whole = digits.prefix(exponent + 1)
    let zeros = String(repeating: "0", count: max(exponent + 1 - digits.count, 0))
    let fraction = digits.dropFirst(exponent + 1)
    return sign + whole + zeros + "." + (fraction.isEmpty ? "0" : fraction)
  }

  /// Shortest digits of a finite number's magnitude, and the power of ten of the first.
  private static func decimal(_ value: Double) -> (digits: String, exponent: Int) {
    let parts = "\(value.magnitude)".split(separator: "e", maxSplits: 1)
    let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
    var digits = Array(mantissa.joined())
    var exponent = (parts.count > 1 ? Int(parts[1]) ?? 0 : 0) + mantissa[0].count - 1
    while digits.count > 1, digits.first == "0" {
      digits.removeFirst()
      exponent -= 1
    }
    while digits.count > 1, digits.last == "0" { digits.removeLast() }
    return digits == ["0"] ? ("0", 0) : (String(digits), exponent)
  }

  private static func power(_ exponent: Int) -> String {
    (exponent < 0 ? "-" : "+") + (exponent.magnitude < 10 ? "0" : "") + "\(exponent.magnitude)"
  }

  /// The digits of a number's magnitude in one of C's formats.
  /// - Parameters:
  ///   - type: `e`, `f` or `g`, or one of them in upper case.
  ///   - keepsPoint: true: a `g` keeps its zeros, and each format its point.
  static func digits(_ value: Double, type: Unicode.Scalar, precision: Int, keepsPoint: Bool = false) -> String {
    let isUpper = type.properties.isUppercase
    guard value.isFinite else {
      let text = value.isNaN ? "nan" : "inf"
      return isUpper ? text.uppercased() : text
    }
    return String(format: "%\(keepsPoint ? "#" : "").\(precision)\(type)", value.magnitude)
  }

  /// The digits of a number's magnitude as `format(value, ".precision")` writes them: as `g` does, with at least one
  /// digit after the point.
  static func general(_ value: Double, precision: Int) -> String {
    guard value.isFinite else { return digits(value, type: "g", precision: precision) }
    let precision = max(precision, 1)
    let scientific = String(format: "%.\(precision - 1)e", value.magnitude)
    let parts = scientific.split(separator: "e")
    let exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
    let text = digits(value, type: "g", precision: precision)
    guard exponent + 1 > precision - 1, exponent >= -4, value != 0 else {
      return text.contains(".") || text.contains("e") ? text : text + ".0"
    }
    var mantissa = String(parts[0])
    if mantissa.contains(".") {
      while mantissa.last == "0" { mantissa.removeLast() }
      if mantissa.last == "." { mantissa.removeLast() }
    }
    return mantissa + "e" + power(exponent)
  }

  /// Python's `float(text)`; nil where it raises an error.
  static func double(_ text: String) -> Double? {
    let lower = withoutUnderscores(text)?.lowercased() ?? "x"
    let magnitude = lower.first == "-" || lower.first == "+" ? lower.dropFirst() : lower[...]
    if ["inf", "infinity"].contains(magnitude) { return lower.first == "-" ? -.infinity : .infinity }
    if magnitude == "nan" { return .nan }
    guard
      magnitude.utf8.allSatisfy({ ("0"..."9").contains(UnicodeScalar($0)) || [0x2E, 0x65, 0x2B, 0x2D].contains($0) })
    else { return nil }
    // Swift asks for digits on both sides of the point.
    var text = magnitude.hasPrefix(".") ? "0" + magnitude : String(magnitude)
    if let point = text.firstIndex(of: "."), text[text.index(after: point)...].first?.isNumber != true {
      guard text.first?.isNumber == true, text != "0." || magnitude == "0." else { return nil }
      text.insert("0", at: text.index(after: point))
    }
    return Double(text).map { lower.first == "-" ? -$0 : $0 }
  }

  /// Python's `int(text, base)`; nil where it raises an error, and beyond 64 bits.
  static func integer(_ text: String, base: Int) -> Int? {
    guard let digits = withoutUnderscores(text) else { return nil }
    let isSigned = digits.first == "-" || digits.first == "+"
    var magnitude = (isSigned ? digits.dropFirst() : digits[...]).lowercased()
    var base = base
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] where base == radix || base == 0 {
      if magnitude.hasPrefix(prefix) {
        magnitude.removeFirst(2)
        base = radix
      }
    }
    if base == 0 { base = 10 }
    guard (2...36).contains(base), let first = magnitude.first, first != "-", first != "+" else { return nil }
    return Int((digits.first == "-" ? "-" : "") + magnitude, radix: base)
  }

  /// The text without the underscores between its digits; nil where one stands elsewhere.
  private static func withoutUnderscores(_ text: String) -> String? {
    guard text.contains("_") else { return text }
    let parts = text.split(separator: "_", omittingEmptySubsequences: false)
    let isBetween = zip(parts, parts.dropFirst()).allSatisfy {
      $0.last?.isHexDigit == true && $1.first?.isHexDigit == true
    }
    return isBetween ? parts.joined() : nil
  }
}
