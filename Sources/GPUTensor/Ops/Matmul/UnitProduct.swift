import Kernels

/// A product in a GPU's matrix units (`kernels/matmul/mma.cl` of NVIDIA's, `kernels/matmul/units.cl` of AMD's and Intel's):
/// both operands are rounded to bf16 and packed into the scratch memory, then multiplied there.
struct UnitProduct {
  let product: MatmulProduct
  let unit: MatrixUnit
  let tile: MatmulParameters.Tile

  /// Work-items of a group that packs.
  private static let packGroup = 256

  /// Bytes of both packed operands.
  static func packedBytes(_ size: MatmulSize) -> Int {
    size.batch * (size.m + size.n) * DepthSplit.roundedUp(size.k) * 2
  }

  /// Enqueues the product.
  ///
  /// - Parameter scratch: memory of `DepthSplit.scratchBytes` and `packedBytes` together; partial results lie first, then
  ///   the packed operands.
  func enqueue(_ call: DeviceCall, scratch: Buffer?) throws(DeviceError) {
    let (size, packed) = (product.size, scratch.planned)
    let depth = DepthSplit.roundedUp(size.k)
    let split = DepthSplit(size, tile, units: call.traits.computeUnits)
    let beginA = split.bytes(size) / 2
    let beginB = beginA + size.batch * size.m * depth
    try pack(call, product.a, .float32, isTurned: size.transposeA, lines: size.m, to: packed, at: beginA)
    // A weight [N, K] in bf16 whose K needs no padding is packed already, and is read in place.
    let isPacked = product.typeOfB == .bfloat16 && size.transposeB && depth == size.k
    if !isPacked {
      try pack(call, product.b, product.typeOfB, isTurned: !size.transposeB, lines: size.n, to: packed, at: beginB)
    }
    try split.enqueue(product, call, scratch: scratch) { target, last throws(DeviceError) in
      try call.launch(
        unit.kernel, unit.file,
        defines: unit.defines + ["TILE_M": tile.rows, "TILE_N": tile.columns]
          + (unit.isNVIDIA ? ["STAGES": tile == unit.tile ? 4 : 3] : [:]),
        [
          target, .read(packed), .read(isPacked ? product.b : packed), .int(size.m), .int(size.n), .int(depth),
          .ulong(beginA), .ulong(isPacked ? 0 : beginB),
        ] + last, .grid(tile.count(m: size.m, n: size.n), split.count, size.batch, of: unit.groupSize))
    }
  }

  private func pack(
    _ call: DeviceCall, _ source: Buffer, _ dtype: DType, isTurned: Bool, lines: Int, to packed: Buffer, at begin: Int
  ) throws(DeviceError) {
    let depth = DepthSplit.roundedUp(product.size.k)
    let groups =
      isTurned ? ((lines + 63) / 64, depth / 32) : ((lines * depth / 8 + Self.packGroup - 1) / Self.packGroup, 1)
    try call.launch(
      isTurned ? "units_pack_columns" : "units_pack_lines", "matmul/units_pack.cl",
      defines: dtype.storageDefines + unit.defines,
      [.write(packed), .read(source), .int(lines), .int(product.size.k), .int(depth), .ulong(begin)],
      .grid(groups.0, groups.1, product.size.batch, of: Self.packGroup))
  }
}
