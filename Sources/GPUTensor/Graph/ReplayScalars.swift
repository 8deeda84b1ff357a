/// Numbers that change from replay to replay and travel as kernel arguments.
package struct ReplayScalars: Sendable {
  /// Factor of the sum of token losses: 1 / the total weight of the supervised tokens of the whole step.
  package var lossScale: Float = 1
  /// True where this replay adds to the parameter gradients of earlier micro-batches instead of overwriting them.
  package var accumulates = false
  package var learningRate: Float = 0
  /// The optimiser step, from 1: the t of the bias correction.
  package var optimizerStep = 1
  /// The slot of the statistics that this step writes.
  package var statisticsSlot = 0
  /// Samples in the batch (rows of the segment table).
  package var segmentCount = 0
  /// The key that dropout masks are hashed from.
  package var dropoutKey: UInt32 = 0

  package init() {}
}

/// An input's values, sent by the host before a replay.
package enum HostData: Sendable {
  case floats([Float])
  case ints([Int32])
}

/// The arguments of one replay: row counts, scalars and inputs.
package struct ReplayArguments {
  package var counts: RowCounts
  package var scalars: ReplayScalars
  package var inputs: [(tensor: Tensor, data: HostData)]

  /// - Parameter targets: rows that have a target; nil: all.
  package init(
    rows: Int, targets: Int? = nil, scalars: ReplayScalars = ReplayScalars(),
    inputs: [(tensor: Tensor, data: HostData)] = []
  ) {
    counts = RowCounts(rows: rows, targets: targets ?? rows)
    self.scalars = scalars
    self.inputs = inputs
  }
}
