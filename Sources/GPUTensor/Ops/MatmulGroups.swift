import Kernels

/// A product by work-groups that each own a tile of the result: the tile family, and the matrix units of NVIDIA GPUs. Of a
/// few rows (decoding) each owns some rows of the weight instead.
///
/// Where a result has too few tiles for the device, several groups share one and take a part of the depths each; their
/// sums are added up after, in order.
struct MatmulGroups {
  let product: MatmulLaunch
  /// Of the tile family.
  let tile: MatmulParameters.Tile

  /// The groups of a compute unit that depths are split for, and the fewest depths that are worth a group.
  private static let groupsPerUnit = 2
  private static let leastDepths = 256
  /// Depths are split at, and the matrix units' operands filled up to, multiples of this.
  private static let depthMultiple = 32
  /// Rows from which on operands are worth packing for the matrix units.
  private static let leastPackedRows = 64
  private static let packGroup = 256
  /// Work-items that read a row of the weight side by side.
  private static let lanesOfRow = 32

  // MARK: - Memory

  private static func packs(_ size: MatmulSize, _ traits: KernelTraits) -> Bool {
    traits.matrixUnit != nil && size.m >= leastPackedRows
  }

  private static func roundedUp(_ depth: Int) -> Int { (depth + depthMultiple - 1) / depthMultiple * depthMultiple }

  /// Enough for as many rows as `size` has, and for fewer, which are split among more groups.
  static func scratchBytes(_ size: MatmulSize, _ tile: MatmulParameters.Tile, traits: KernelTraits) -> Int {
    let packed = packs(size, traits) ? size.batch * (size.m + size.n) * roundedUp(size.k) * 2 : 0
    guard !size.isBatched, size.k >= 2 * leastDepths else { return packed }
    let tiles = [tile, traits.tile] + (traits.matrixUnit.map { [$0.tile] } ?? [])
    let largest = tiles.map { $0.rows * $0.columns }.max() ?? 0
    return packed + SlabLayout.aligned(groupsPerUnit * traits.computeUnits * largest * 4)
  }

  /// Into how many parts depths are split, and how many depths a part has.
  private func splits(_ tile: MatmulParameters.Tile, units: Int) -> (count: Int, depths: Int) {
    let tiles = tile.count(m: product.size.m, n: product.size.n)
    let wanted = min(Self.groupsPerUnit * units / tiles, product.size.k / Self.leastDepths)
    guard !product.size.isBatched, tiles < units, wanted > 1 else { return (1, Self.roundedUp(product.size.k)) }
    let depths = Self.roundedUp((product.size.k + wanted - 1) / wanted)
    return ((product.size.k + depths - 1) / depths, depths)
  }

  // MARK: - Launches

  /// - Parameter scratch: of `scratchBytes`; nil where these are 0.
  func enqueue(_ call: DeviceCall, scratch: Buffer?) throws(DeviceError) {
    let (size, traits) = (product.size, call.traits)
    if product.readsWeightOnce, !size.isBatched { return try enqueueFew(call) }
    let (m, n) = (size.m, size.n)
    let unit = Self.packs(size, traits) ? traits.matrixUnit : nil
    let tile =
      unit.map { traits.fills($0.largeTile, m: m, n: n, batch: size.batch, groups: 1) ? $0.largeTile : $0.tile } ?? tile
    let splits = splits(tile, units: traits.computeUnits)
    let isSplit = splits.count > 1
    let target =
      isSplit ? .write(memory(scratch)) : product.accumulate ? KernelArgument.update(product.c) : .write(product.c)
    let flag = KernelArgument.int(product.accumulate ? 1 : 0)
    let last: [KernelArgument] = [isSplit ? .int(0) : flag, .int(splits.depths)]
    let range = NDRange.grid(
      tile.count(m: m, n: n), splits.count, size.batch, of: unit?.groupSize ?? tile.groupSize)
    if let unit {
      let sums = isSplit ? SlabLayout.aligned(splits.count * m * n * 4) : 0
      try enqueueUnits(call, unit, memory(scratch), after: sums, tile, target, last, range)
    } else {
      try enqueueTiles(call, tile, target, last, range)
    }
    guard isSplit, let scratch else { return }
    try ColumnSum.enqueueFinal(
      call, product.accumulate ? .update(product.c) : .write(product.c), partials: scratch, parts: splits.count,
      columns: m * n,
      accumulate: flag)
  }

  private func memory(_ scratch: Buffer?) -> Buffer {
    guard let scratch else { preconditionFailure("no scratch was planned") }
    return scratch
  }

  /// The product of few rows: a tile would be nearly empty.
  private func enqueueFew(_ call: DeviceCall) throws(DeviceError) {
    let size = product.size
    let groupSize = call.traits.workGroupSize
    let lanes = min(groupSize, Self.lanesOfRow)
    let rowsPerGroup = groupSize / lanes
    try call.launch(
      "matmul_few", "matmul/few.cl",
      defines: ["LANES": lanes, "MOST_ROWS": MatmulLaunch.fewRows] + product.typeOfB.storageDefines
        + call.traits.operandDefines(.tile),
      [
        product.accumulate ? .update(product.c) : .write(product.c), .read(product.a), .read(product.b), .int(size.m),
        .int(size.n),
        .int(size.k), .int(product.accumulate ? 1 : 0),
      ], .groups((size.n + rowsPerGroup - 1) / rowsPerGroup, of: groupSize))
  }

  private func enqueueTiles(
    _ call: DeviceCall, _ tile: MatmulParameters.Tile, _ target: KernelArgument, _ last: [KernelArgument],
    _ range: NDRange
  ) throws(DeviceError) {
    let (m, n, k) = (product.size.m, product.size.n, product.size.k)
    let transposes: Defines = ["TRANSPOSE_A": product.transposeA ? 1 : 0, "TRANSPOSE_B": product.transposeB ? 1 : 0]
    try call.launch(
      "matmul_tile", "matmul/tile.cl",
      defines: transposes + tile.defines + product.typeOfB.storageDefines + call.traits.operandDefines(.tile),
      [
        target, .read(product.a), .read(product.b), .int(m), .int(n), .int(k), .int(product.transposeA ? m : k),
        .int(product.transposeB ? k : n), .int(n), .ulong(m * k), .ulong(k * n), .ulong(m * n),
      ] + last, range)
  }

  /// Packs both operands into the scratch memory, then multiplies them there.
  ///
  /// - Parameter sums: bytes of the scratch memory that the products themselves need.
  private func enqueueUnits(
    _ call: DeviceCall, _ unit: MatrixUnit, _ scratch: Buffer, after sums: Int, _ tile: MatmulParameters.Tile,
    _ target: KernelArgument, _ last: [KernelArgument], _ range: NDRange
  ) throws(DeviceError) {
    let size = product.size
    let depth = Self.roundedUp(size.k)
    let beginA = sums / 2
    let beginB = beginA + size.batch * size.m * depth
    try pack(call, unit, product.a, .float32, isTurned: product.transposeA, lines: size.m, to: scratch, at: beginA)
    // Columns that lie packed in the weight itself are multiplied there.
    let isPacked = product.typeOfB == .bfloat16 && product.transposeB && depth == size.k
    if !isPacked {
      try pack(
        call, unit, product.b, product.typeOfB, isTurned: !product.transposeB, lines: size.n, to: scratch, at: beginB)
    }
    try call.launch(
      unit.kernel, unit.file,
      defines: unit.defines + ["TILE_M": tile.rows, "TILE_N": tile.columns]
        + (unit.isNVIDIA ? ["STAGES": tile == unit.tile ? 4 : 3] : [:]),
      [
        target, .read(scratch), .read(isPacked ? product.b : scratch), .int(size.m), .int(size.n), .int(depth),
        .ulong(beginA), .ulong(isPacked ? 0 : beginB),
      ] + last, range)
  }

  private func pack(
    _ call: DeviceCall, _ unit: MatrixUnit, _ source: Buffer, _ dtype: DType, isTurned: Bool, lines: Int,
    to packed: Buffer, at begin: Int
  ) throws(DeviceError) {
    let depth = Self.roundedUp(product.size.k)
    let groups =
      isTurned ? ((lines + 63) / 64, depth / 32) : ((lines * depth / 8 + Self.packGroup - 1) / Self.packGroup, 1)
    try call.launch(
      isTurned ? "mma_pack_columns" : "mma_pack_lines", "matmul/units_pack.cl",
      defines: dtype.storageDefines + unit.defines,
      [.write(packed), .read(source), .int(lines), .int(product.size.k), .int(depth), .ulong(begin)],
      .grid(groups.0, groups.1, product.size.batch, of: Self.packGroup))
  }
}
