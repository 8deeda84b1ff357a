/// Arithmetic on sizes that a file claims: nil instead of a trap.
enum CheckedSize {
  /// The product of `shape` and `factor`, or nil where one is negative or the product does not fit.
  static func product(_ shape: [Int], times factor: Int = 1) -> Int? {
    var result = factor
    // A zero makes the product zero whatever else overflows: so it is looked for first.
    guard shape.allSatisfy({ $0 >= 0 }) else { return nil }
    if shape.contains(0) { return 0 }
    for size in shape {
      let (product, overflows) = result.multipliedReportingOverflow(by: size)
      if overflows { return nil }
      result = product
    }
    return result
  }

  /// `a + b`, or nil where it does not fit.
  static func sum(_ a: Int, _ b: Int) -> Int? {
    let (sum, overflows) = a.addingReportingOverflow(b)
    return overflows ? nil : sum
  }
}
