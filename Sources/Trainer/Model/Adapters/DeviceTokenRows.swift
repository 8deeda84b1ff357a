import GPUTensor
import Kernels

/// Trained rows of tokens on a device.
///
/// With the rows T [n, C], the table's own rows W[ids], and M [V, n], which is 1 where a token has one of the rows and 0
/// elsewhere, the table is W + M·(T − W[ids]): an adapter of the whole table whose M is frozen. So the table itself may be
/// stored in any dtype, and in parts.
struct DeviceTokenRows {
  let rows: TokenRows
  /// T, one of the adapter's parameters.
  let trained: Variable
  /// M.
  private let marks: Variable
  /// The rows' tokens, [n].
  private let ids: Variable

  init(_ rows: TokenRows, trained: Variable) {
    (self.rows, self.trained) = (rows, trained)
    let count = rows.indices.count
    marks = Variable(name: "\(rows.module), marks of trained rows", shape: Shape([rows.vocabularySize, count]))
    ids = Variable(name: "\(rows.module), ids of trained rows", shape: Shape([count]), dtype: .int32)
  }

  /// Share of the embedding of ids [R]: [R, C], zeros for tokens without a trained row.
  ///
  /// - Parameter table: the base's, in its parts.
  func deltas(_ ids: Tensor, table: [Tensor]) -> Tensor {
    ids.graph.variable(marks).embedding(ids).matmul(differences(from: table))
  }

  /// Share of the logits of hidden rows x [R, C].
  func share(_ x: Tensor, table: [Tensor]) -> LogitShare {
    LogitShare(input: x.linear(differences(from: table)), weight: x.graph.variable(marks))
  }

  /// T − W[ids], [n, C].
  private func differences(from table: [Tensor]) -> Tensor {
    let graph = table[0].graph
    return graph.variable(trained) + table.embedding(graph.variable(ids)).scaled(by: -1)
  }

  /// Writes T, and what finds its rows.
  func load(_ values: [Float], on executor: any Executor) throws(DeviceError) {
    let count = rows.indices.count
    var ones = [Float](repeating: 0, count: rows.vocabularySize * count)
    for (place, id) in rows.indices.enumerated() { ones[id * count + place] = 1 }
    try executor.write(.floats(ones), to: marks, at: 0)
    try executor.write(.ints(rows.indices.map(Int32.init)), to: ids, at: 0)
    try executor.write(.floats(values), to: trained, at: 0)
  }
}
