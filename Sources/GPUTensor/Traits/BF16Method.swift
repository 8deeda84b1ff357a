import Kernels

/// What the operands of matrix products are rounded to before they are multiplied; their sums are float32.
package enum OperandType: String, Sendable, CaseIterable, Codable, CodingKeyRepresentable {
  case float32
  case bfloat16
}

/// How a device multiplies operands that were rounded to bf16.
package enum BF16Method: String, Sendable, CaseIterable, Codable {
  /// As floats: everywhere.
  case rounding
  /// Pairs of them by `vdpbf16ps` (AVX512_BF16).
  case avx512 = "pairs"
  /// Tiles of them by `tdpbf16ps` (Intel AMX).
  case amx = "tiles"
  /// Tiles of them by the units of AMD's CDNA GPUs (`V_MFMA`), of its RDNA 3 GPUs (`V_WMMA`), and of Intel's, by sub-groups
  /// of 16 and of 8.
  case mfma, wmma, dpas16, dpas8
  /// Tiles of them by a warp's `mma.sync` (NVIDIA, compute capability 8.0).
  case mma

  /// Whether a family's kernels multiply in this way.
  package func suits(_ family: MatmulFamily) -> Bool {
    switch self {
    case .rounding: family != .clblast
    case .avx512, .amx: family == .panel
    case .mfma, .wmma, .dpas16, .dpas8, .mma: family == .tile
    }
  }

  /// The fastest of some for a device's family of products.
  ///
  /// - Parameter methods: what `BF16Probe` found, the fastest last.
  package static func fastest(of methods: [BF16Method], on device: Device) -> BF16Method {
    let family = MatmulFamily.standard(for: device.kind)
    return methods.last { $0.suits(family) } ?? .rounding
  }
}
