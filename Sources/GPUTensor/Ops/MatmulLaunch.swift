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

  static func scratchBytes(_ size: MatmulSize, transposeA: Bool, transposeB: Bool, traits: KernelTraits?) -> Int {
    guard let traits else { return 0 }
    let parameters = parameters(size, transposeA: transposeA, transposeB: transposeB, traits: traits)
    guard parameters.family == .panel else { return 0 }
    return MatmulPanel.scratchBytes(size, parameters.panel, factors: traits.factors)
  }

  private static func parameters(
    _ size: MatmulSize, transposeA: Bool, transposeB: Bool, traits: KernelTraits
  ) -> MatmulParameters {
    traits.products(MatmulClass(transposeA: transposeA, transposeB: transposeB, m: size.m, n: size.n))
  }

  /// - Parameter scratch: where the panel family packs; nil: the step's own.
  func enqueue(_ step: DeviceStep, scratch: Buffer? = nil) throws(OpenCLError) {
    let parameters = Self.parameters(size, transposeA: transposeA, transposeB: transposeB, traits: step.traits)
    switch parameters.family {
    case .panel:
      try MatmulPanel(call: self, parameters: parameters.panel).enqueue(step, scratch: scratch ?? step.scratch)
    case .tile: try enqueueTile(step, parameters.tile)
    // The library reads floats alone, and multiplies them.
    case .clblast where typeOfB != .float32 || step.traits.factors != .float32: try enqueueTile(step, parameters.tile)
    case .clblast: try enqueueCLBlast(step)
    }
  }

  /// Enqueues products of the same few rows by several weights as one launch; false where they are no such products.
  static func enqueueRows(_ launches: [MatmulLaunch], _ step: DeviceStep) throws(OpenCLError) -> Bool {
    let arePanels = launches.allSatisfy {
      parameters($0.size, transposeA: false, transposeB: true, traits: step.traits).family == .panel
    }
    guard arePanels, launches.allSatisfy({ !$0.size.isBatched }) else { return false }
    return try MatmulPanel.enqueueRows(launches, step)
  }

  private func enqueueTile(_ step: DeviceStep, _ tile: MatmulParameters.Tile) throws(OpenCLError) {
    let (m, n, k) = (size.m, size.n, size.k)
    let transposes: Defines = ["TRANSPOSE_A": transposeA ? 1 : 0, "TRANSPOSE_B": transposeB ? 1 : 0]
    try step.launch(
      "matmul_tile", "matmul_tile.cl",
      defines: transposes + tile.defines + typeOfB.storageDefines + step.traits.factorDefines(.tile),
      [
        accumulate ? .update(c) : .write(c), .read(a), .read(b), .int(m), .int(n), .int(k),
        .int(transposeA ? m : k), .int(transposeB ? k : n), .int(n), .ulong(m * k), .ulong(k * n), .ulong(m * n),
        .int(accumulate ? 1 : 0),
      ],
      .grid(
        (n + tile.columns - 1) / tile.columns, (m + tile.rows - 1) / tile.rows, size.batch, of: tile.groupSize))
  }

  private func enqueueCLBlast(_ step: DeviceStep) throws(OpenCLError) {
    for item in 0..<size.batch {
      try step.context.clblastMatmul(
        c: c, a: a, b: b, m: size.m, n: size.n, k: size.k, transposeA: transposeA, transposeB: transposeB,
        aOffset: item * size.m * size.k, bOffset: item * size.k * size.n, cOffset: item * size.m * size.n,
        accumulate: accumulate)
    }
  }
}
