/// Sizes of a product C [M, N] = op(A) [M, K] · op(B) [K, N] for `batch` matrices, and the operands' transposes.
struct MatmulSize {
  let m: Int
  let n: Int
  let k: Int
  let batch: Int
  let isBatched: Bool
  /// True where A is stored [K, M].
  let transposeA: Bool
  /// True where B is stored [N, K], as Hugging Face stores a linear layer's weight.
  let transposeB: Bool

  init(m: Int, n: Int, k: Int, transposeA: Bool = false, transposeB: Bool = false) {
    (self.m, self.n, self.k, batch, isBatched) = (m, n, k, 1, false)
    (self.transposeA, self.transposeB) = (transposeA, transposeB)
  }

  /// Sizes of a product of tensors of two or three dimensions.
  ///
  /// - Parameter counts: the replay's rows; nil: the plan's capacity.
  init(_ a: Shape, _ b: Shape, transposeA: Bool, transposeB: Bool, counts: RowCounts? = nil) {
    func sizes(_ shape: Shape) -> [Int] {
      [counts.map { shape.leading($0) } ?? shape.dimensions[0]] + shape.dimensions.dropFirst()
    }
    let (left, right) = (sizes(a), sizes(b))
    precondition(left.count == right.count && (2...3).contains(left.count), "matmul: \(a) · \(b)")
    isBatched = left.count == 3
    batch = isBatched ? left[0] : 1
    precondition(!isBatched || right[0] == batch, "matmul: batches of \(a) and \(b)")
    let (aRows, aColumns) = (left[left.count - 2], left[left.count - 1])
    let (bRows, bColumns) = (right[right.count - 2], right[right.count - 1])
    m = transposeA ? aColumns : aRows
    k = transposeA ? aRows : aColumns
    n = transposeB ? bRows : bColumns
    precondition(k == (transposeB ? bColumns : bRows), "matmul: \(a) · \(b), transposes \(transposeA), \(transposeB)")
    (self.transposeA, self.transposeB) = (transposeA, transposeB)
  }

  /// The class that the product is tuned in; nil where both operands are transposed.
  var matmulClass: MatmulClass? { MatmulClass(transposeA: transposeA, transposeB: transposeB, m: m, n: n) }
}
