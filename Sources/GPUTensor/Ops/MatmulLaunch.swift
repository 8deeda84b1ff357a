import Kernels

/// One product on a device, by the family that the device's traits name.
struct MatmulLaunch {
  let size: MatmulSize
  let c: Buffer
  let a: Buffer
  let b: Buffer
  var typeOfB = DType.float32
  let transposeA: Bool
  let transposeB: Bool
  let accumulate: Bool

  /// Products with at most this many rows are bound by reading the weight once: nothing is packed or put into tiles.
  static let fewRows = 8

  /// Whether it is X·Wᵀ of few rows X.
  var readsWeightOnce: Bool { !transposeA && transposeB && size.m <= Self.fewRows }

  static func scratchBytes(_ size: MatmulSize, transposeA: Bool, transposeB: Bool, traits: KernelTraits?) -> Int {
    guard let traits else { return 0 }
    let parameters = parameters(size, transposeA: transposeA, transposeB: transposeB, traits: traits)
    return parameters.family == .panel
      ? MatmulPanel.scratchBytes(size, parameters.panel, operands: traits.operands)
      : MatmulGroups.scratchBytes(size, parameters.tile, traits: traits)
  }

  private static func parameters(
    _ size: MatmulSize, transposeA: Bool, transposeB: Bool, traits: KernelTraits
  ) -> MatmulParameters {
    let (m, n) = (size.m, size.n)
    let product = MatmulClass(transposeA: transposeA, transposeB: transposeB, m: m, n: n)
    return traits.products(product, m: m, n: n, batch: size.batch)
  }

  /// - Parameter scratch: where operands are packed and parts of sums kept; nil: the step's own.
  func enqueue(_ call: DeviceCall, scratch: Buffer? = nil) throws(DeviceError) {
    let parameters = Self.parameters(size, transposeA: transposeA, transposeB: transposeB, traits: call.traits)
    // The library reads floats alone, and multiplies them.
    let isForLibrary = typeOfB == .float32 && call.traits.operands == .float32
    switch parameters.family {
    case .panel:
      try MatmulPanel(product: self, parameters: parameters.panel).enqueue(call, scratch: scratch ?? call.scratch)
    case .clblast where isForLibrary: try CLBlastProduct.enqueue(self, call)
    case .tile, .clblast:
      try MatmulGroups(product: self, tile: parameters.tile).enqueue(call, scratch: scratch ?? call.scratchBuffer)
    }
  }

  /// Enqueues products of the same few rows by several weights as one launch; false where they are no such products.
  static func enqueueRows(_ launches: [MatmulLaunch], _ call: DeviceCall) throws(DeviceError) -> Bool {
    guard readWeightsOnce(launches, call.traits) else { return false }
    return try MatmulPanel.enqueueRows(launches, call)
  }

  /// Whether they are products of few rows, each weight of which the panel family reads once.
  static func readWeightsOnce(_ launches: [MatmulLaunch], _ traits: KernelTraits) -> Bool {
    launches.allSatisfy { launch in
      launch.readsWeightOnce && !launch.size.isBatched
        && parameters(launch.size, transposeA: false, transposeB: true, traits: traits).family == .panel
    }
  }
}
