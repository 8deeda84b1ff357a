/// Numbers that change from run to run and travel as kernel arguments.
package struct ReplayScalars: Sendable {
  /// What the sum of token losses is multiplied with: 1 / what the supervised tokens of the whole step count together.
  package var lossScale: Float = 1
  /// Whether this run adds to parameter gradients of earlier micro-batches instead of overwriting them.
  package var accumulates = false
  package var learningRate: Float = 0
  /// The optimiser's step, from 1: the t of its bias correction.
  package var optimizerStep = 1
  /// Which slot of the statistics this step writes.
  package var statisticsSlot = 0
  /// Samples in the batch.
  package var segmentCount = 0
  /// What the masks of dropouts are made from.
  package var dropoutKey: UInt32 = 0

  package init() {}
}

/// What the host sends before a run.
package enum HostData: Sendable {
  case floats([Float])
  case ints([Int32])
}

/// One run of a plan: how many rows, which inputs, which scalars.
package struct ReplayArguments {
  package var counts: RowCounts
  package var scalars: ReplayScalars
  package var inputs: [(tensor: Tensor, data: HostData)]

  /// - Parameter targets: those of the rows that are to predict something; nil: all.
  package init(
    rows: Int, targets: Int? = nil, scalars: ReplayScalars = ReplayScalars(),
    inputs: [(tensor: Tensor, data: HostData)] = []
  ) {
    counts = RowCounts(rows: rows, targets: targets ?? rows)
    self.scalars = scalars
    self.inputs = inputs
  }
}
