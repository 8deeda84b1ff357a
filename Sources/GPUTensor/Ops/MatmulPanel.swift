import Kernels

/// The packed-panel family (`kernels/matmul/panel.cl`): the smaller operand is packed into panels of 48 columns, and a
/// chunk of the other into tiles of 8 rows. A packed tile of results is 8 × 48; the kernel's register tile is
/// REGISTER_ROWS × REGISTER_COLUMNS of it.
struct MatmulPanel {
  /// Columns of a panel and rows of a packed tile: TILE_COLUMNS and TILE_ROWS of the kernel.
  private static let panelColumns = 48
  private static let tileRows = 8
  /// Depths of B that a work-item packs, and rows of B that one multiplies at once.
  private static let packDepth = 96
  private static let rowsPerItem = 16
  /// Packed panels take about this many bytes, a share of the last cache; deeper products are cut by depth.
  private static let packedBytes = 16 << 20
  /// PANELS_BEGIN of the kernel: the counter of chunks that lies before the panels.
  private static let counterBytes = 256
  /// K is split at multiples of DEPTH_BLOCK, as many as fill a chunk; twice as many in bf16.
  private static func depthBlock(_ parameters: MatmulParameters.Panel, _ operands: OperandType) -> Int {
    operands == .float32 ? parameters.depthBlock : 2 * parameters.depthBlock
  }

  /// A matrix addressed by two strides, so that a transpose is an exchange of the two.
  private struct Operand {
    var buffer: Buffer
    var dtype = DType.float32
    var row: Int
    var column: Int
    let batch: Int

    var transposed: Operand { Operand(buffer: buffer, dtype: dtype, row: column, column: row, batch: batch) }
  }

  private let product: MatmulLaunch
  private let parameters: MatmulParameters.Panel

  init(product: MatmulLaunch, parameters: MatmulParameters.Panel) {
    self.product = product
    self.parameters = parameters
  }

  /// Whether the product is made as C^T = B^T · A^T, which packs A: worth it where A is much the smaller operand.
  private static func exchanges(_ size: MatmulSize) -> Bool { size.n >= 3 * size.m }

  /// Panels of the packed operand.
  private static func panels(_ size: MatmulSize) -> Int {
    ((exchanges(size) ? size.m : size.n) + panelColumns - 1) / panelColumns
  }

  /// Bytes of so many depths of the packed panels; in bf16, of whole tiles of 32.
  private static func bytes(_ size: MatmulSize, depth: Int, _ operands: OperandType) -> Int {
    let steps = operands == .float32 ? depth : (depth + 31) / 32 * 16
    return panels(size) * panelColumns * MemoryLayout<Float>.size * steps
  }

  /// Depths that are packed at once.
  private static func depth(_ size: MatmulSize, _ parameters: MatmulParameters.Panel, _ operands: OperandType) -> Int {
    let block = depthBlock(parameters, operands)
    return max(1, packedBytes / bytes(size, depth: block, operands)) * block
  }

  /// Enough for this product and for every smaller one: fewer rows than the capacity may be packed deeper.
  static func scratchBytes(_ size: MatmulSize, _ parameters: MatmulParameters.Panel, operands: OperandType) -> Int {
    let block = bytes(size, depth: depthBlock(parameters, operands), operands)
    return counterBytes + min(bytes(size, depth: size.k, operands), max(packedBytes, block)) * size.batch
  }

  /// What a kernel that reads an operand of this type is compiled with.
  private func defines(_ dtype: DType, _ call: DeviceCall) -> Defines {
    [
      "CHUNK_TILES": parameters.chunkTiles, "DEPTH_BLOCK": Self.depthBlock(parameters, call.traits.operands),
      "PACK_DEPTH": Self.packDepth, "REGISTER_LANES": call.traits.panelLanes,
    ] + dtype.storageDefines + call.traits.operandDefines(.panel)
  }

  func enqueue(_ call: DeviceCall, scratch: Buffer) throws(DeviceError) {
    let size = product.size
    let (m, n, k) = (size.m, size.n, size.k)
    if try Self.enqueueRows([product], call) { return }
    let a = Operand(
      buffer: product.a, row: product.transposeA ? 1 : k, column: product.transposeA ? m : 1, batch: m * k)
    let b = Operand(
      buffer: product.b, dtype: product.typeOfB, row: product.transposeB ? 1 : n, column: product.transposeB ? k : 1,
      batch: k * n)
    let c = Operand(buffer: product.c, row: n, column: 1, batch: m * n)
    if Self.exchanges(size) {
      try enqueuePacked(call, c.transposed, b.transposed, a.transposed, m: n, n: m, scratch: scratch)
    } else {
      try enqueuePacked(call, c, a, b, m: m, n: n, scratch: scratch)
    }
  }

  /// How the product is cut into chunks, of rows by panels: equally many for each of the device's units, and all of the
  /// same size.
  private func chunks(m: Int, panels: Int, units: Int) -> (rows: Int, panelsEach: Int) {
    func rounded(_ count: Int, upTo multiple: Int) -> Int { (count + multiple - 1) / multiple * multiple }
    let tiles = (m + Self.tileRows - 1) / Self.tileRows
    let least = (tiles + parameters.chunkTiles - 1) / parameters.chunkTiles
    let chunks = least < units ? least : min(rounded(least, upTo: units), tiles)
    let wanted = parameters.chunksPerUnit * units
    let groups = min((wanted + chunks * product.size.batch - 1) / (chunks * product.size.batch), panels)
    return (chunks, (panels + groups - 1) / groups)
  }

  private func enqueuePacked(
    _ call: DeviceCall, _ c: Operand, _ a: Operand, _ b: Operand, m: Int, n: Int, scratch: Buffer
  ) throws(DeviceError) {
    let size = product.size
    let (kernel, file) =
      call.traits.usesAMX ? ("matmul_amx", "matmul/amx.cl") : ("matmul_panel", "matmul/panel.cl")
    let panels = Self.panels(size)
    let depth = Self.depth(size, parameters, call.traits.operands)
    let units = call.context.device.computeUnits
    let (rowChunks, panelsEach) = chunks(m: m, panels: panels, units: units)
    let chunkCount = rowChunks * ((panels + panelsEach - 1) / panelsEach) * size.batch
    for first in stride(from: 0, to: size.k, by: depth) {
      let count = min(depth, size.k - first)
      try call.launch(
        "matmul_pack_panels", file, defines: defines(b.dtype, call),
        [
          .write(scratch), .write(scratch), .read(b.buffer), .int(n), .int(count), .int(first), .ulong(b.row),
          .ulong(b.column),
          .ulong(b.batch),
        ], .grid(panels, (count + Self.packDepth - 1) / Self.packDepth, size.batch, of: 1))
      let accumulate = product.accumulate || first > 0
      try call.launch(
        kernel, file, defines: defines(a.dtype, call),
        [
          accumulate ? .update(c.buffer) : .write(c.buffer), .update(scratch), .read(a.buffer), .read(scratch), .int(m),
          .int(n), .int(count), .int(first), .int(rowChunks), .int(panelsEach), .int(size.batch), .ulong(a.row),
          .ulong(a.column), .ulong(a.batch),
          .ulong(c.row), .ulong(c.column), .ulong(c.batch), .int(accumulate ? 1 : 0),
        ], .groups(min(units, chunkCount), of: 1))
    }
  }

  /// Enqueues X·Wᵀ of the same few rows X by up to three weights as one launch; false where the rows are many.
  static func enqueueRows(_ launches: [MatmulLaunch], _ call: DeviceCall) throws(DeviceError) -> Bool {
    let first = launches[0]
    let (m, k) = (first.size.m, first.size.k)
    guard first.readsWeightOnce, launches.count <= Matmul.mostParts else { return false }
    var arguments: [KernelArgument] = []
    var shares = 0
    for index in 0..<Matmul.mostParts {
      // A product that is not there has no columns.
      let product = index < launches.count ? launches[index] : first
      let n = index < launches.count ? product.size.n : 0
      arguments += [
        product.accumulate ? .update(product.c) : .write(product.c), .read(product.b), .int(n),
        .int(product.accumulate ? 1 : 0),
      ]
      shares += (n + rowsPerItem - 1) / rowsPerItem * first.size.batch
    }
    try call.launch(
      "matmul_rows", "matmul/rows.cl",
      defines: ["ROWS_PER_ITEM": rowsPerItem] + first.typeOfB.storageDefines + call.traits.operandDefines(.panel),
      [.update(try call.context.counters()), .read(first.a)] + arguments
        + [.int(m), .int(k), .int(first.size.batch)],
      .groups(min(call.context.device.computeUnits, shares), of: 1))
    return true
  }
}
