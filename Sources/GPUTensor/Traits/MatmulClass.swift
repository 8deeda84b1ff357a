/// Products that are computed alike: by their transposes, as BLAS names them, and by whether their result is narrow.
///
/// The rows of a batch do not decide it, so a plan made for the most rows holds for fewer.
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

  /// The most columns of a narrow result: keys and values of grouped queries, an adapter's rank.
  private static let narrowColumns = 256

  /// - Parameters:
  ///   - m, n: of the result [m, n].
  /// - Returns: nil where both operands are transposed, which no layer does: such products have the defaults.
  package init?(transposeA: Bool, transposeB: Bool, m: Int, n: Int) {
    // Where A is transposed its rows are added up, and both sizes are a weight's.
    let isNarrow = (transposeA ? min(m, n) : n) <= Self.narrowColumns
    switch (transposeA, transposeB) {
    case (false, true): self = isNarrow ? .ntNarrow : .nt
    case (false, false): self = isNarrow ? .nnNarrow : .nn
    case (true, false): self = isNarrow ? .tnNarrow : .tn
    case (true, true): return nil
    }
  }
}
