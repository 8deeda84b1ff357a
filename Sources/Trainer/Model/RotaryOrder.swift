/// The two orders in which the rows of a query or key head are stored.
///
/// Meta's files, llama2.c's and GGUF turn rows 2i and 2i + 1 of a head together (interleaved); Hugging Face's turn rows
/// i and i + D/2 (rotate-half).
enum RotaryOrder {
  /// Where row `row` of an interleaved matrix of heads stands in rotate-half order.
  static func rotateHalfRow(ofInterleaved row: Int, headDim: Int) -> Int {
    let (head, inside) = row.quotientAndRemainder(dividingBy: headDim)
    return head * headDim + inside % 2 * (headDim / 2) + inside / 2
  }

  /// Whether the rows of a weight turn: queries and keys, and their biases.
  ///
  /// - Parameter name: Hugging Face's key.
  static func turns(_ name: String) -> Bool {
    name.contains(".self_attn.q_proj.") || name.contains(".self_attn.k_proj.")
  }
}
