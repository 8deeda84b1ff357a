import Kernels

/// Products X·Wᵀ of the same few rows X by up to three weights, in one launch of a CPU device
/// (`kernels/matmul/few_rows_cpu.cl`): each weight is read once, where it lies.
enum FewRowsOnCPU {
  /// The most weights of one launch: for queries, keys and values.
  static let mostProducts = 3
  /// Rows of a weight that a work-item multiplies at once.
  private static let rowsPerItem = 16

  /// Enqueues one launch for all products.
  ///
  /// - Parameter products: products of the same A, which has at most `MatmulChoice.fewRows` rows.
  static func enqueue(_ products: [MatmulProduct], _ call: DeviceCall) throws(DeviceError) {
    precondition((1...mostProducts).contains(products.count), "\(products.count) products in one launch")
    let first = products[0]
    var arguments: [KernelArgument] = []
    var shares = 0
    for index in 0..<mostProducts {
      // A product that is not there has no columns.
      let product = index < products.count ? products[index] : first
      let n = index < products.count ? product.size.n : 0
      arguments += [product.target, .read(product.b), .int(n), product.accumulateFlag]
      shares += (n + rowsPerItem - 1) / rowsPerItem * first.size.batch
    }
    try call.launch(
      "matmul_few_rows_cpu", "matmul/few_rows_cpu.cl",
      defines: ["ROWS_PER_ITEM": rowsPerItem] + first.typeOfB.storageDefines
        + MatmulWay.fewRowsOnCPU.operandDefines(call.traits),
      [.update(try call.context.counters()), .read(first.a)] + arguments
        + [.int(first.size.m), .int(first.size.k), .int(first.size.batch)],
      .groups(min(call.context.device.computeUnits, shares), of: 1))
  }
}
