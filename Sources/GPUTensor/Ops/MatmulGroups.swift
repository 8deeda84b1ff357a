import Kernels

/// A product by work-groups that each own a tile of the result: the tile family, and the matrix units of NVIDIA GPUs. Of a
/// few rows (decoding) each owns some rows of the weight instead.
///
/// Where a result has too few tiles for the device, several groups share one and take a part of the depths each; their
/// sums are added up after, in order.
struct MatmulGroups {
  let call: MatmulLaunch
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
    let tiles = tile.count(m: call.size.m, n: call.size.n)
    let wanted = min(Self.groupsPerUnit * units / tiles, call.size.k / Self.leastDepths)
    guard !call.size.isBatched, tiles < units, wanted > 1 else { return (1, Self.roundedUp(call.size.k)) }
    let depths = Self.roundedUp((call.size.k + wanted - 1) / wanted)
    return ((call.size.k + depths - 1) / depths, depths)
  }

  // MARK: - Launches

  /// - Parameter scratch: of `scratchBytes`; nil where these are 0.
  func enqueue(_ step: DeviceStep, scratch: Buffer?) throws(OpenCLError) {
    let (size, traits) = (call.size, step.traits)
    if call.readsWeightOnce, !size.isBatched { return try enqueueFew(step) }
    let (m, n) = (size.m, size.n)
    let unit = Self.packs(size, traits) ? traits.matrixUnit : nil
    let tile =
      unit.map { traits.fills($0.largeTile, m: m, n: n, batch: size.batch, groups: 1) ? $0.largeTile : $0.tile } ?? tile
    let splits = splits(tile, units: traits.computeUnits)
    let isSplit = splits.count > 1
    let target =
      isSplit ? .write(memory(scratch)) : call.accumulate ? KernelArgument.update(call.c) : .write(call.c)
    let flag = KernelArgument.int(call.accumulate ? 1 : 0)
    let last: [KernelArgument] = [isSplit ? .int(0) : flag, .int(splits.depths)]
    let range = NDRange.grid(
      tile.count(m: m, n: n), splits.count, size.batch, of: unit?.groupSize ?? tile.groupSize)
    if let unit {
      let sums = isSplit ? SlabLayout.aligned(splits.count * m * n * 4) : 0
      try enqueueUnits(step, unit, memory(scratch), after: sums, tile, target, last, range)
    } else {
      try enqueueTiles(step, tile, target, last, range)
    }
    guard isSplit, let scratch else { return }
    try ColumnSum.enqueueFinal(
      step, call.accumulate ? .update(call.c) : .write(call.c), partials: scratch, parts: splits.count, columns: m * n,
      accumulate: flag)
  }

  private func memory(_ scratch: Buffer?) -> Buffer {
    guard let scratch else { preconditionFailure("no scratch was planned") }
    return scratch
  }

  /// The product of few rows: a tile would be nearly empty.
  private func enqueueFew(_ step: DeviceStep) throws(OpenCLError) {
    let size = call.size
    let groupSize = step.traits.workGroupSize
    let lanes = min(groupSize, Self.lanesOfRow)
    let rowsPerGroup = groupSize / lanes
    try step.launch(
      "matmul_few", "matmul_few.cl",
      defines: ["LANES": lanes, "MOST_ROWS": MatmulLaunch.fewRows] + call.typeOfB.storageDefines
        + step.traits.factorDefines(.tile),
      [
        call.accumulate ? .update(call.c) : .write(call.c), .read(call.a), .read(call.b), .int(size.m), .int(size.n),
        .int(size.k), .int(call.accumulate ? 1 : 0),
      ], .groups((size.n + rowsPerGroup - 1) / rowsPerGroup, of: groupSize))
  }

  private func enqueueTiles(
    _ step: DeviceStep, _ tile: MatmulParameters.Tile, _ target: KernelArgument, _ last: [KernelArgument],
    _ range: NDRange
  ) throws(OpenCLError) {
    let (m, n, k) = (call.size.m, call.size.n, call.size.k)
    let transposes: Defines = ["TRANSPOSE_A": call.transposeA ? 1 : 0, "TRANSPOSE_B": call.transposeB ? 1 : 0]
    try step.launch(
      "matmul_tile", "matmul_tile.cl",
      defines: transposes + tile.defines + call.typeOfB.storageDefines + step.traits.factorDefines(.tile),
      [
        target, .read(call.a), .read(call.b), .int(m), .int(n), .int(k), .int(call.transposeA ? m : k),
        .int(call.transposeB ? k : n), .int(n), .ulong(m * k), .ulong(k * n), .ulong(m * n),
      ] + last, range)
  }

  /// Packs both operands into the scratch memory, then multiplies them there.
  ///
  /// - Parameter sums: bytes of the scratch memory that the products themselves need.
  private func enqueueUnits(
    _ step: DeviceStep, _ unit: MatrixUnit, _ scratch: Buffer, after sums: Int, _ tile: MatmulParameters.Tile,
    _ target: KernelArgument, _ last: [KernelArgument], _ range: NDRange
  ) throws(OpenCLError) {
    let size = call.size
    let depth = Self.roundedUp(size.k)
    let beginA = sums / 2
    let beginB = beginA + size.batch * size.m * depth
    try pack(step, unit, call.a, .float32, isTurned: call.transposeA, lines: size.m, to: scratch, at: beginA)
    // Columns that lie packed in the weight itself are multiplied there.
    let isPacked = call.typeOfB == .bfloat16 && call.transposeB && depth == size.k
    if !isPacked {
      try pack(step, unit, call.b, call.typeOfB, isTurned: !call.transposeB, lines: size.n, to: scratch, at: beginB)
    }
    try step.launch(
      unit.kernel, unit.kernel + ".cl",
      defines: unit.defines + ["TILE_M": tile.rows, "TILE_N": tile.columns]
        + (unit.isNVIDIA ? ["STAGES": tile == unit.tile ? 4 : 3] : [:]),
      [
        target, .read(scratch), .read(isPacked ? call.b : scratch), .int(size.m), .int(size.n), .int(depth),
        .ulong(beginA), .ulong(isPacked ? 0 : beginB),
      ] + last, range)
  }

  private func pack(
    _ step: DeviceStep, _ unit: MatrixUnit, _ source: Buffer, _ dtype: DType, isTurned: Bool, lines: Int,
    to packed: Buffer, at begin: Int
  ) throws(OpenCLError) {
    let depth = Self.roundedUp(call.size.k)
    let groups =
      isTurned ? ((lines + 63) / 64, depth / 32) : ((lines * depth / 8 + Self.packGroup - 1) / Self.packGroup, 1)
    try step.launch(
      isTurned ? "mma_pack_columns" : "mma_pack_lines", "matmul_mma_pack.cl",
      defines: dtype.storageDefines + unit.defines,
      [.write(packed), .read(source), .int(lines), .int(call.size.k), .int(depth), .ulong(begin)],
      .grid(groups.0, groups.1, call.size.batch, of: Self.packGroup))
  }
}
