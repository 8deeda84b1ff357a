/// The two orders in which the rows of a query or key head are stored.
///
/// RoPE rotates pairs of rows: 2i and 2i + 1 of a head in the files of Meta, llama2.c and GGUF (interleaved), i and i +
/// D/2 in Hugging Face's (rotate-half).
enum RotaryOrder {
  /// Index in rotate-half order of row `row` of an interleaved matrix of heads.
  static func rotateHalfRow(ofInterleaved row: Int, headDim: Int) -> Int {
    let (head, inside) = row.quotientAndRemainder(dividingBy: headDim)
    return head * headDim + inside % 2 * (headDim / 2) + inside / 2
  }

  /// True for weights whose rows RoPE rotates: those of queries and keys, and their biases.
  ///
  /// - Parameter name: Hugging Face's key.
  static func turns(_ name: String) -> Bool {
    name.contains(".self_attn.q_proj.") || name.contains(".self_attn.k_proj.")
  }
}
