/// Texts of numbers for readers: few digits, a true minus, units.
package enum Numeral {
  /// Text in place of a number that is missing.
  package static let none = "–"

  /// Number with `digits` digits after the point.
  package static func fixed(_ value: Double?, _ digits: Int = 3) -> String {
    guard let value else { return none }
    guard value.isFinite else { return value.isNaN ? none : (value < 0 ? "−∞" : "∞") }
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let scaled = (abs(value) * scale).rounded()
    // Beyond it, a Double holds no digits after the point.
    guard scaled < 9e15 else { return exponential(value) }
    let units = Int(scaled)
    let sign = value < 0 && units > 0 ? "−" : ""
    guard digits > 0 else { return "\(sign)\(units)" }
    let fraction = String(units % Int(scale))
    return "\(sign)\(units / Int(scale))." + String(repeating: "0", count: digits - fraction.count) + fraction
  }

  /// Change with its sign; one that rounds to zero has none.
  package static func signed(_ value: Double?, _ digits: Int = 3) -> String {
    guard let value else { return none }
    let text = fixed(value, digits)
    if !text.contains(where: { ("1"..."9").contains($0) || $0 == "∞" }) { return "±0" }
    return value > 0 ? "+" + text : text
  }

  /// Digits after the point for a column whose largest size is `magnitude`.
  package static func digits(for magnitude: Double) -> Int { magnitude >= 1000 ? 0 : magnitude >= 10 ? 2 : 3 }

  /// Count in full below 10,000, then in thousands or millions.
  package static func count(_ value: Int) -> String {
    switch abs(value) {
    case ..<10_000: String(value)
    case ..<1_000_000: fixed(Double(value) / 1e3, 1) + " k"
    case ..<1_000_000_000: fixed(Double(value) / 1e6, 2) + " M"
    default: fixed(Double(value) / 1e9, 2) + " G"
    }
  }

  /// Bytes in the binary units that memory is sold in.
  package static func bytes(_ value: Int?) -> String {
    guard let value else { return none }
    let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
    var size = Double(value)
    var unit = 0
    while abs(size) >= 1024 && unit < units.count - 1 {
      size /= 1024
      unit += 1
    }
    return fixed(size, unit == 0 ? 0 : size >= 100 ? 0 : size >= 10 ? 1 : 2) + " " + units[unit]
  }

  /// Span of time in its two largest units.
  package static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0, seconds < 1e9 else { return none }
    if seconds < 60 { return fixed(seconds, seconds < 10 ? 1 : 0) + " s" }
    let whole = Int(seconds.rounded())
    if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
    return "\(whole / 3600) h \(whole % 3600 / 60) min"
  }

  /// Number of any size, such as a learning rate, with at most four significant digits.
  package static func short(_ value: Double?) -> String {
    guard let value, value.isFinite else { return none }
    if value == 0 { return "0" }
    let size = abs(value)
    if size < 1e-3 || size >= 1e6 { return exponential(value) }
    let digits = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : size >= 1 ? 3 : size >= 0.1 ? 4 : 6
    return trimmed(fixed(value, digits))
  }

  /// Position in a drawing, to a tenth.
  package static func coordinate(_ value: Double) -> String {
    guard value.isFinite, abs(value) < 1e9 else { return "0" }
    let tenths = Int((value * 10).rounded())
    let size = abs(tenths)
    let text = size % 10 == 0 ? "\(size / 10)" : "\(size / 10).\(size % 10)"
    return tenths < 0 ? "-" + text : text
  }

  private static func exponential(_ value: Double) -> String {
    var exponent = 0
    var mantissa = abs(value)
    while mantissa >= 9.9995 && exponent < 400 {
      mantissa /= 10
      exponent += 1
    }
    while mantissa < 0.99995 && exponent > -400 {
      mantissa *= 10
      exponent -= 1
    }
    let sign = value < 0 ? "−" : ""
    return sign + trimmed(fixed(mantissa, 3)) + "e" + (exponent < 0 ? "−\(-exponent)" : "\(exponent)")
  }

  private static func trimmed(_ text: String) -> String {
    guard text.contains(".") else { return text }
    var text = text
    while text.hasSuffix("0") { text.removeLast() }
    if text.hasSuffix(".") { text.removeLast() }
    return text
  }
}
