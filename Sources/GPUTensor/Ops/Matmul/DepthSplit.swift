import Kernels

/// The depths of a product divided among work-groups, where its result has too few tiles to fill a GPU: each group sums a
/// part of the depths, and the partial results are added up after, in order.
struct DepthSplit {
  /// Parts of the depths; 1: not divided.
  let count: Int
  /// Depths of a part, a multiple of `depthMultiple`.
  let depths: Int

  /// Work-groups of each compute unit that the depths are divided for.
  private static let groupsPerUnit = 2
  /// The fewest depths that pay for a work-group of their own.
  private static let leastDepths = 256
  /// Depths are divided at multiples of this, and the operands of matrix units padded to such a multiple.
  private static let depthMultiple = 32

  /// `depth`, rounded up to `depthMultiple`.
  static func roundedUp(_ depth: Int) -> Int { (depth + depthMultiple - 1) / depthMultiple * depthMultiple }

  init(_ size: MatmulSize, _ tile: MatmulParameters.Tile, units: Int) {
    let tiles = tile.count(m: size.m, n: size.n)
    let wanted = min(Self.groupsPerUnit * units / max(tiles, 1), size.k / Self.leastDepths)
    guard !size.isBatched, tiles < units, wanted > 1 else {
      (count, depths) = (1, Self.roundedUp(size.k))
      return
    }
    depths = Self.roundedUp((size.k + wanted - 1) / wanted)
    count = (size.k + depths - 1) / depths
  }

  /// Bytes of the partial results, enough for this size and for fewer rows, which are divided among more groups.
  static func scratchBytes(_ size: MatmulSize, _ tile: MatmulParameters.Tile, units: Int) -> Int {
    guard !size.isBatched, size.k >= 2 * leastDepths else { return 0 }
    return SlabLayout.aligned(groupsPerUnit * units * tile.rows * tile.columns * 4)
  }

  /// Bytes that the partial results of a size take at the beginning of the scratch memory.
  func bytes(_ size: MatmulSize) -> Int { count > 1 ? SlabLayout.aligned(count * size.m * size.n * 4) : 0 }

  /// Enqueues a product by `launch`, then adds up the parts, where there are several.
  ///
  /// - Parameter launch: enqueues the kernel with the memory to write (C, or the partial results) and its two last
  ///   arguments: 1 where it adds to that memory, and the depths of a part.
  func enqueue(
    _ product: MatmulProduct, _ call: DeviceCall, scratch: Buffer?,
    _ launch: (_ target: KernelArgument, _ last: [KernelArgument]) throws(DeviceError) -> Void
  ) throws(DeviceError) {
    guard count > 1 else { return try launch(product.target, [product.accumulateFlag, .int(depths)]) }
    try launch(.write(scratch.planned), [.int(0), .int(depths)])
    try ColumnSum.enqueueFinal(
      call, product.target, partials: scratch.planned, parts: count, columns: product.size.m * product.size.n,
      accumulate: product.accumulateFlag)
  }
}
