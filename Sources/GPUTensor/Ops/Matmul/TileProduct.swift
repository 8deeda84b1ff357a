import Kernels

/// A product by work-groups that each own a tile of the result, with the operands in local memory
/// (`kernels/matmul/tile.cl`).
struct TileProduct {
  let product: MatmulProduct
  let tile: MatmulParameters.Tile

  /// Enqueues the product.
  ///
  /// - Parameter scratch: memory of `DepthSplit.scratchBytes`; nil where that is 0.
  func enqueue(_ call: DeviceCall, scratch: Buffer?) throws(DeviceError) {
    let size = product.size
    let (m, n, k) = (size.m, size.n, size.k)
    let split = DepthSplit(size, tile, units: call.traits.computeUnits)
    let transposes: Defines = ["TRANSPOSE_A": size.transposeA ? 1 : 0, "TRANSPOSE_B": size.transposeB ? 1 : 0]
    try split.enqueue(product, call, scratch: scratch) { target, last throws(DeviceError) in
      try call.launch(
        "matmul_tile", "matmul/tile.cl",
        defines: transposes + tile.defines + product.typeOfB.storageDefines
          + MatmulWay.tile(tile).operandDefines(call.traits),
        [
          target, .read(product.a), .read(product.b), .int(m), .int(n), .int(k), .int(size.transposeA ? m : k),
          .int(size.transposeB ? k : n), .int(n), .ulong(m * k), .ulong(k * n), .ulong(m * n),
        ] + last, .grid(tile.count(m: m, n: n), split.count, size.batch, of: tile.groupSize))
    }
  }
}
