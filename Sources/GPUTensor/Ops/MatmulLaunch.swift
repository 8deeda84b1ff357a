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

  static func scratchBytes(_ size: MatmulSize, traits: KernelTraits?) -> Int {
    guard let traits, traits.matmulFamily == .panel else { return 0 }
    return MatmulPanel.scratchBytes(size, factors: traits.factors)
  }

  /// - Parameter scratch: where the panel family packs; nil: the step's own.
  func enqueue(_ step: DeviceStep, scratch: Buffer? = nil) throws(OpenCLError) {
    switch step.traits.matmulFamily {
    case .panel: try MatmulPanel(call: self).enqueue(step, scratch: scratch ?? step.scratch)
    case .tile: try enqueueTile(step)
    // The library reads floats alone, and multiplies them.
    case .clblast where typeOfB != .float32 || step.traits.factors != .float32: try enqueueTile(step)
    case .clblast: try enqueueCLBlast(step)
    }
  }

  private func enqueueTile(_ step: DeviceStep) throws(OpenCLError) {
    let (m, n, k) = (size.m, size.n, size.k)
    let transposes = ["TRANSPOSE_A": transposeA ? 1 : 0, "TRANSPOSE_B": transposeB ? 1 : 0]
    try step.launch(
      "matmul_tile", "matmul_tile.cl",
      defines: transposes.merging(typeOfB.storageDefines) { $1 }.merging(step.traits.factorDefines) { $1 },
      [
        accumulate ? .update(c) : .write(c), .read(a), .read(b), .int(m), .int(n), .int(k),
        .int(transposeA ? m : k), .int(transposeB ? k : n), .int(n), .ulong(m * k), .ulong(k * n), .ulong(m * n),
        .int(accumulate ? 1 : 0),
      ], .grid((n + 63) / 64, (m + 63) / 64, size.batch, of: 256))
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
