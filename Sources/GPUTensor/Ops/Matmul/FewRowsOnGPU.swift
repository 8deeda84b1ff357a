import Kernels

/// A product X·Wᵀ of a few rows X on a GPU (`kernels/matmul/few_rows_gpu.cl`): a tile of the result would be nearly empty,
/// so each work-group owns some rows of the weight.
enum FewRowsOnGPU {
  /// Work-items that read a row of the weight side by side.
  private static let lanesOfRow = 32

  /// Enqueues the product, whose A has at most `MatmulChoice.fewRows` rows.
  static func enqueue(_ product: MatmulProduct, _ call: DeviceCall) throws(DeviceError) {
    let size = product.size
    let groupSize = call.traits.workGroupSize
    let lanes = min(groupSize, lanesOfRow)
    let rowsPerGroup = groupSize / lanes
    try call.launch(
      "matmul_few_rows_gpu", "matmul/few_rows_gpu.cl",
      defines: ["LANES": lanes, "MOST_ROWS": MatmulChoice.fewRows] + product.typeOfB.storageDefines
        + MatmulWay.fewRowsOnGPU.operandDefines(call.traits),
      [
        product.target, .read(product.a), .read(product.b), .int(size.m), .int(size.n), .int(size.k),
        product.accumulateFlag,
      ], .groups((size.n + rowsPerGroup - 1) / rowsPerGroup, of: groupSize))
  }
}
