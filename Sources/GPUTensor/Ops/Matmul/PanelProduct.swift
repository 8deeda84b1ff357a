import Kernels

/// A product of packed panels on a CPU device (`kernels/matmul/panel.cl`, and `amx.cl` with the same packing).
///
/// The smaller operand is packed into panels of 48 columns, and a chunk of the other into tiles of 8 rows. A packed tile
/// of results is 8 × 48; the kernel's register tile is REGISTER_ROWS × REGISTER_COLUMNS of it.
struct PanelProduct {
  /// Columns of a panel: TILE_COLUMNS of the kernels.
  private static let panelColumns = 48
  /// Rows of a packed tile: TILE_ROWS of the kernels.
  private static let tileRows = 8
  /// Depths of B that a work-item packs.
  private static let packDepth = 96
  /// Bytes that the packed panels take at most, roughly: a share of the last-level cache. Deeper products are packed in
  /// parts.
  private static let packedBytes = 16 << 20
  /// Elements before the panels, where the work-items' shared counter of chunks lies: PANELS_BEGIN of the kernels.
  private static let panelsBegin = 64

  let product: MatmulProduct
  /// `.panel` or `.amx`.
  let way: MatmulWay
  let sizes: MatmulParameters.Panel

  /// A matrix addressed by two strides, so that a transpose is an exchange of the two.
  private struct Operand {
    var buffer: Buffer
    var dtype = DType.float32
    var row: Int
    var column: Int
    let batch: Int

    var transposed: Operand { Operand(buffer: buffer, dtype: dtype, row: column, column: row, batch: batch) }
  }

  /// Depths of a block, at most: DEPTH_BLOCK of the kernels. A block in bf16 has twice as many in the same bytes.
  private static func depthBlock(_ sizes: MatmulParameters.Panel, _ operands: OperandType) -> Int {
    operands == .float32 ? sizes.depthBlock : 2 * sizes.depthBlock
  }

  /// True where the product is computed as Cᵀ = Bᵀ·Aᵀ, so that A is packed: it pays where A is much smaller than B.
  private static func exchanges(_ size: MatmulSize) -> Bool { size.n >= 3 * size.m }

  /// Panels of the packed operand.
  private static func panels(_ size: MatmulSize) -> Int {
    ((exchanges(size) ? size.m : size.n) + panelColumns - 1) / panelColumns
  }

  /// Bytes of the packed panels of `depth` depths, which are rounded up to a multiple of 32 in bf16.
  private static func bytes(_ size: MatmulSize, depth: Int, _ operands: OperandType) -> Int {
    let steps = operands == .float32 ? depth : (depth + 31) / 32 * 16
    return panels(size) * panelColumns * MemoryLayout<Float>.size * steps
  }

  /// Depths that are packed at once: as many whole blocks as fit in `packedBytes`, at least one.
  private static func depth(_ size: MatmulSize, _ sizes: MatmulParameters.Panel, _ operands: OperandType) -> Int {
    let block = depthBlock(sizes, operands)
    return max(1, packedBytes / bytes(size, depth: block, operands)) * block
  }

  /// Bytes that are enough for this product and for one of fewer rows, which may be packed deeper at once.
  static func scratchBytes(_ size: MatmulSize, _ sizes: MatmulParameters.Panel, operands: OperandType) -> Int {
    let block = bytes(size, depth: depthBlock(sizes, operands), operands)
    return panelsBegin * MemoryLayout<Float>.size
      + min(bytes(size, depth: size.k, operands), max(packedBytes, block)) * size.batch
  }

  /// Defines of a kernel that reads an operand of type `dtype`.
  private func defines(_ dtype: DType, _ traits: KernelTraits) -> Defines {
    // Pairs of bf16 are multiplied in the widest registers alone.
    let lanes = traits.operands == .bfloat16 && traits.bf16Method == .avx512 ? 16 : traits.registerLanes
    return [
      "CHUNK_TILES": sizes.chunkTiles, "DEPTH_BLOCK": Self.depthBlock(sizes, traits.operands),
      "PACK_DEPTH": Self.packDepth, "PANELS_BEGIN": Self.panelsBegin, "REGISTER_LANES": lanes,
      "TILE_COLUMNS": Self.panelColumns, "TILE_ROWS": Self.tileRows,
    ] + dtype.storageDefines + way.operandDefines(traits)
  }

  /// Enqueues the product.
  ///
  /// - Parameter scratch: memory of `scratchBytes`.
  func enqueue(_ call: DeviceCall, scratch: Buffer?) throws(DeviceError) {
    let size = product.size
    let (m, n, k) = (size.m, size.n, size.k)
    let a = Operand(buffer: product.a, row: size.transposeA ? 1 : k, column: size.transposeA ? m : 1, batch: m * k)
    let b = Operand(
      buffer: product.b, dtype: product.typeOfB, row: size.transposeB ? 1 : n, column: size.transposeB ? k : 1,
      batch: k * n)
    let c = Operand(buffer: product.c, row: n, column: 1, batch: m * n)
    if Self.exchanges(size) {
      try enqueuePacked(call, c.transposed, b.transposed, a.transposed, m: n, n: m, scratch: scratch.planned)
    } else {
      try enqueuePacked(call, c, a, b, m: m, n: n, scratch: scratch.planned)
    }
  }

  /// The division into chunks of rows and panels, of about equal size, so that all compute units get equally many: the
  /// number of row chunks, and the panels of a chunk.
  private func chunks(m: Int, panels: Int, units: Int) -> (rows: Int, panelsEach: Int) {
    func rounded(_ count: Int, upTo multiple: Int) -> Int { (count + multiple - 1) / multiple * multiple }
    let tiles = (m + Self.tileRows - 1) / Self.tileRows
    let least = (tiles + sizes.chunkTiles - 1) / sizes.chunkTiles
    let chunks = least < units ? least : min(rounded(least, upTo: units), tiles)
    let wanted = sizes.chunksPerUnit * units
    let groups = min((wanted + chunks * product.size.batch - 1) / (chunks * product.size.batch), panels)
    return (chunks, (panels + groups - 1) / groups)
  }

  private func enqueuePacked(
    _ call: DeviceCall, _ c: Operand, _ a: Operand, _ b: Operand, m: Int, n: Int, scratch: Buffer
  ) throws(DeviceError) {
    let size = product.size
    let file = "matmul/\(way.name).cl"
    let panels = Self.panels(size)
    let depth = Self.depth(size, sizes, call.traits.operands)
    let units = call.context.device.computeUnits
    let (rowChunks, panelsEach) = chunks(m: m, panels: panels, units: units)
    let chunkCount = rowChunks * ((panels + panelsEach - 1) / panelsEach) * size.batch
    for first in stride(from: 0, to: size.k, by: depth) {
      let count = min(depth, size.k - first)
      try call.launch(
        "matmul_pack_panels", file, defines: defines(b.dtype, call.traits),
        [
          .write(scratch), .write(scratch), .read(b.buffer), .int(n), .int(count), .int(first), .ulong(b.row),
          .ulong(b.column), .ulong(b.batch),
        ], .grid(panels, (count + Self.packDepth - 1) / Self.packDepth, size.batch, of: 1))
      let accumulate = product.accumulate || first > 0
      try call.launch(
        "matmul_\(way.name)", file, defines: defines(a.dtype, call.traits),
        [
          accumulate ? .update(c.buffer) : .write(c.buffer), .update(scratch), .read(a.buffer), .read(scratch), .int(m),
          .int(n), .int(count), .int(first), .int(rowChunks), .int(panelsEach), .int(size.batch), .ulong(a.row),
          .ulong(a.column), .ulong(a.batch), .ulong(c.row), .ulong(c.column), .ulong(c.batch),
          .int(accumulate ? 1 : 0),
        ], .groups(min(units, chunkCount), of: 1))
    }
  }
}
