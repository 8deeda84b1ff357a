import Kernels

/// The type that operands of matrix products are rounded to before they are multiplied; sums are float32.
package enum OperandType: String, Sendable, CaseIterable, Codable, CodingKeyRepresentable {
  case float32
  case bfloat16
}

/// The method by which a device multiplies operands that were rounded to bf16.
package enum BF16Method: String, Sendable, CaseIterable, Codable {
  /// Floats with bf16 values: works on every device.
  case rounding
  /// Pairs of bf16 by `vdpbf16ps` (AVX512_BF16).
  case avx512 = "pairs"
  /// Tiles of bf16 by `tdpbf16ps` (Intel AMX).
  case amx = "tiles"
  /// Tiles of bf16 by the matrix units of AMD's CDNA GPUs (`V_MFMA`), of its RDNA 3 GPUs (`V_WMMA`), and of Intel's GPUs
  /// (DPAS), the last by sub-groups of 16 and of 8.
  case mfma, wmma, dpas16, dpas8
  /// Tiles of bf16 by a warp's `mma.sync` (NVIDIA, compute capability 8.0).
  case mma

  /// True where the family's kernels can multiply by this method.
  package func suits(_ family: MatmulFamily) -> Bool {
    switch self {
    case .rounding: family != .clblast
    case .avx512, .amx: family == .panel
    case .mfma, .wmma, .dpas16, .dpas8, .mma: family == .tile
    }
  }

  /// The last of `methods` that the device's default family can multiply by; rounding where there is none.
  ///
  /// - Parameter methods: the methods that `BF16Probe` found working, in the order of `allCases`.
  package static func fastest(of methods: [BF16Method], on device: Device) -> BF16Method {
    let family = MatmulFamily.standard(for: device.kind)
    return methods.last { $0.suits(family) } ?? .rounding
  }
}
