/// A class of products that are tuned together: by their transposes, named as in BLAS, and by the width of the result.
///
/// The rows of a batch do not decide the class, so a plan's parameters hold for every row count.
package enum MatmulClass: String, Sendable, CaseIterable, Codable, CodingKeyRepresentable {
  /// A linear layer.
  case nt
  case ntNarrow = "nt-narrow"
  /// The gradient of its input.
  case nn
  case nnNarrow = "nn-narrow"
  /// The gradient of its weight.
  case tn
  case tnNarrow = "tn-narrow"

  /// The most columns of a narrow result, such as keys and values of grouped queries, or an adapter's rank.
  private static let narrowColumns = 256

  /// - Parameters:
  ///   - m, n: the sizes of the result [m, n].
  /// - Returns: nil where both operands are transposed, which no layer does: such products have the defaults.
  package init?(transposeA: Bool, transposeB: Bool, m: Int, n: Int) {
    // Where A is transposed, the sum runs over the batch's rows, and m and n are a weight's sizes.
    let isNarrow = (transposeA ? min(m, n) : n) <= Self.narrowColumns
    switch (transposeA, transposeB) {
    case (false, true): self = isNarrow ? .ntNarrow : .nt
    case (false, false): self = isNarrow ? .nnNarrow : .nn
    case (true, false): self = isNarrow ? .tnNarrow : .tn
    case (true, true): return nil
    }
  }
}
