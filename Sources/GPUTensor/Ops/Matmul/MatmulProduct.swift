import Kernels

/// One product of a replay, ready to be enqueued: C (= or +=) op(A)·op(B).
struct MatmulProduct {
  /// The plan's choice for the product.
  let choice: MatmulChoice
  /// Sizes in this replay.
  let size: MatmulSize
  let c: Buffer
  let a: Buffer
  let b: Buffer
  /// The type that B is stored in; A and C are float32.
  var typeOfB = DType.float32
  let accumulate: Bool

  /// The way that the plan chose for as many rows as this replay has.
  var way: MatmulWay { choice.way(rows: size.m) }
  /// C with the role that its write mode gives it.
  var target: KernelArgument { accumulate ? .update(c) : .write(c) }
  var accumulateFlag: KernelArgument { .int(accumulate ? 1 : 0) }

  /// Enqueues the product by its way.
  ///
  /// - Parameter scratch: memory for packed operands and partial results; nil: the node's own.
  func enqueue(_ call: DeviceCall, scratch: Buffer? = nil) throws(DeviceError) {
    let memory = scratch ?? call.scratchBuffer
    switch way {
    case .panel(let sizes), .amx(let sizes):
      try PanelProduct(product: self, way: way, sizes: sizes).enqueue(call, scratch: memory)
    case .fewRowsOnCPU: try FewRowsOnCPU.enqueue([self], call)
    case .tile(let tile): try TileProduct(product: self, tile: tile).enqueue(call, scratch: memory)
    case .unit(let unit, let tile):
      try UnitProduct(product: self, unit: unit, tile: tile).enqueue(call, scratch: memory)
    case .fewRowsOnGPU: try FewRowsOnGPU.enqueue(self, call)
    case .clblast: try CLBlastProduct.enqueue(self, call)
    }
  }

  /// True where one launch of `FewRowsOnCPU` can take all products; they must have the same A.
  static func areFewRowsOnCPU(_ products: [MatmulProduct]) -> Bool {
    products.allSatisfy { !$0.size.isBatched && $0.way == .fewRowsOnCPU }
  }
}

extension Buffer? {
  /// The scratch memory, which the plan made since `MatmulWay.scratchBytes` asked for it.
  var planned: Buffer {
    guard let self else { preconditionFailure("no scratch was planned") }
    return self
  }
}
