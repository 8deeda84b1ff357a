/// The families of matmul behind one call, named by their method.
package enum MatmulFamily: String, Sendable, CaseIterable, Codable {
  /// Packed panels with a register tile a work-item: CPU devices.
  case panel
  /// Work-group tiles in local memory: GPUs.
  case tile
  /// The CLBlast library.
  case clblast

  /// Whether the family is written for such devices.
  package func suits(_ device: Device) -> Bool { self != .panel || device.runsPanels }
}

/// The families of attention.
package enum AttentionFamily: String, Sendable, CaseIterable {
  /// A work-item owns a tile of queries, one query a vector lane: CPU devices.
  case panel
  /// A work-group owns a tile of queries, keys and values stream through local memory: GPUs.
  case tile

  /// Whether the family is written for such devices.
  package func suits(_ device: Device) -> Bool { self != .panel || device.runsPanels }
}

/// What the factors of matrix products are rounded to before they are multiplied; their sums are float32.
package enum FactorType: String, Sendable, CaseIterable, Codable, CodingKeyRepresentable {
  case float32
  case bfloat16
}

/// How a device multiplies factors that were rounded to bf16.
package enum BF16Method: String, Sendable, CaseIterable, Codable {
  /// As floats: everywhere.
  case rounding
  /// Pairs of them by `vdpbf16ps` (AVX512_BF16).
  case pairs
  /// Tiles of them by `tdpbf16ps` (Intel AMX).
  case tiles
  /// Tiles of them by the units of AMD's CDNA GPUs (`V_MFMA`), of its RDNA 3 GPUs (`V_WMMA`), and of Intel's, by sub-groups
  /// of 16 and of 8.
  case mfma, wmma, dpas16, dpas8
  /// Tiles of them by a warp's `mma.sync` (NVIDIA, compute capability 8.0).
  case mma

  /// Whether a family's kernels multiply in this way.
  package func suits(_ family: MatmulFamily) -> Bool {
    switch self {
    case .rounding: family != .clblast
    case .pairs, .tiles: family == .panel
    case .mfma, .wmma, .dpas16, .dpas8, .mma: family == .tile
    }
  }

  /// The fastest of some for a device's family of products.
  ///
  /// - Parameter methods: what `BF16Probe` found, the fastest last.
  package static func fastest(of methods: [BF16Method], on device: Device) -> BF16Method {
    let family = KernelTraits(device: device).matmulFamily
    return methods.last { $0.suits(family) } ?? .rounding
  }
}

/// Launch parameters and families for a class of device: the table of defaults that every run obeys.
///
/// A run never measures in order to choose, so the same device, recipe and seed give the same bits.
package struct KernelTraits: Sendable, Equatable {
  /// Floats of a vector register: 16 where the device has 32 of these (AVX-512), 8 elsewhere. The panel families keep as many
  /// sums as the registers hold.
  package var registerLanes = 16
  /// Work-items of a row or element-wise kernel's group.
  package var workGroupSize: Int
  /// Floats that a work-item reads at once.
  package var vectorWidth: Int
  /// Elements that one group of an element-wise kernel handles.
  package var groupElements: Int
  /// Whether groups add up, and find their largest, by sub-groups.
  package var usesSubgroups = false
  package var matmulFamily: MatmulFamily
  /// The tile family's sizes where nothing is tuned: of results that fill the device in large tiles, and of others.
  package var largeTile = MatmulParameters.Tile(128, 128, 8, items: 8, 8)
  package var tile = MatmulParameters.Tile()
  package let computeUnits: Int
  /// What `accrete tune` found better than the defaults.
  package var tunedProducts: [MatmulClass: MatmulParameters] = [:]
  package var attentionFamily: AttentionFamily
  package var factors = FactorType.float32
  /// How bf16 is multiplied: what `BF16Probe` found.
  package var bf16Method = BF16Method.rounding

  /// - Parameter kind: other than the device's own: what a GPU runs can be checked on a CPU device.
  package init(device: Device, as kind: Device.Kind? = nil) {
    computeUnits = device.computeUnits
    switch kind ?? device.kind {
    case .cpu:
      // A CPU's work-item is a core's loop over vectors: groups of one, as wide as the widest registers.
      workGroupSize = 1
      registerLanes = device.nativeVectorWidth >= 16 ? 16 : 8
      vectorWidth = 16
      groupElements = 16384
      matmulFamily = .panel
      attentionFamily = .panel
    case .gpu, .accelerator:
      workGroupSize = min(128, device.maxWorkGroupSize)
      vectorWidth = 4
      groupElements = 1024
      matmulFamily = .tile
      attentionFamily = .tile
    }
    if device.claimsSubgroups && workGroupSize > 1 {
      usesSubgroups = true
      usesSubgroups = SubgroupProbe.passes(on: device, self)
    }
    if !tile.isValid(on: device) { tile = MatmulParameters.Tile(32, 32, 16, items: 4, 4) }
    if !largeTile.isValid(on: device) { largeTile = tile }
  }

  /// How a product is computed.
  ///
  /// - Parameters:
  ///   - product: its class; nil: one that is not tuned.
  ///   - m, n, batch: of its result [batch, m, n].
  package func products(_ product: MatmulClass?, m: Int, n: Int, batch: Int = 1) -> MatmulParameters {
    product.flatMap { tunedProducts[$0] }
      ?? MatmulParameters(matmulFamily, tile: fills(largeTile, m: m, n: n, batch: batch, groups: 2) ? largeTile : tile)
  }

  /// By which family a class of products is computed.
  package func family(of product: MatmulClass?) -> MatmulFamily {
    product.flatMap { tunedProducts[$0]?.family } ?? matmulFamily
  }

  /// Whether a result has as many tiles of that size as give each compute unit so many groups.
  package func fills(_ tile: MatmulParameters.Tile, m: Int, n: Int, batch: Int, groups: Int) -> Bool {
    tile.count(m: m, n: n) * batch >= computeUnits * groups
  }

  /// The define that tells a family's kernels how to multiply: none for float32.
  package func factorDefines(_ family: MatmulFamily) -> Defines {
    guard factors == .bfloat16 else { return [:] }
    guard family == .panel else { return ["BF16": 1] }
    return switch bf16Method {
    case .pairs: ["BF16": 2]
    case .tiles: ["BF16": 3]
    default: ["BF16": 1]
    }
  }

  /// REGISTER_LANES of the panel family's products: pairs are multiplied in the widest registers alone.
  package var panelLanes: Int { factors == .bfloat16 && bf16Method == .pairs ? 16 : registerLanes }

  /// Whether the panel family multiplies in the processor's tile registers.
  package var usesTiles: Bool { factors == .bfloat16 && bf16Method == .tiles }

  /// What the tile family multiplies in; nil: in no matrix unit.
  package var matrixUnit: MatrixUnit? { factors == .bfloat16 ? MatrixUnit(bf16Method) : nil }

  /// The defines that every row and element-wise kernel is compiled with.
  package var defines: Defines {
    ["WG_SIZE": workGroupSize, "VECTOR_WIDTH": vectorWidth, "GROUP_ELEMENTS": groupElements]
      + (usesSubgroups ? [Self.subgroups: 1] : [:])
  }

  /// The define of kernels that use sub-groups, which not every OpenCL C has.
  static let subgroups = "SUBGROUPS"
}
