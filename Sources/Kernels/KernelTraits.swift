/// The families of matmul behind one call, named by their method.
package enum MatmulFamily: String, Sendable, CaseIterable {
  /// Packed panels with a register tile a work-item: CPU devices.
  case panel
  /// Work-group tiles in local memory: GPUs.
  case tile
  /// The CLBlast library.
  case clblast
}

/// The families of attention.
package enum AttentionFamily: String, Sendable, CaseIterable {
  /// A work-item owns a tile of queries, one query a vector lane: CPU devices.
  case panel
  /// A work-group owns a tile of queries, one query a work-item, keys in local memory: GPUs.
  case tile
}

/// What the factors of matrix products are rounded to before they are multiplied; their sums are float32.
package enum FactorType: String, Sendable, CaseIterable {
  case float32
  case bfloat16
}

/// Launch parameters and families for a class of device: the table of defaults that every run obeys.
///
/// A run never measures in order to choose, so the same device, recipe and seed give the same bits.
package struct KernelTraits: Sendable, Equatable {
  /// Work-items of a row or element-wise kernel's group.
  package var workGroupSize: Int
  /// Floats that a work-item reads at once.
  package var vectorWidth: Int
  /// Elements that one group of an element-wise kernel handles.
  package var groupElements: Int
  package var matmulFamily: MatmulFamily
  package var attentionFamily: AttentionFamily
  package var factors = FactorType.float32
  /// Whether the panel family multiplies bf16 by the processor's instruction: what `BF16Probe` found.
  package var multipliesBF16 = false

  package init(device: Device) {
    switch device.kind {
    case .cpu:
      // A CPU's work-item is a core's loop over vectors: groups of one, as wide as the widest registers.
      workGroupSize = 1
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
  }

  /// The define that tells kernels how to multiply: none for float32.
  package var factorDefines: [String: Int] {
    switch factors {
    case .float32: [:]
    case .bfloat16: ["BF16": multipliesBF16 && matmulFamily == .panel ? 2 : 1]
    }
  }

  /// The defines that every row and element-wise kernel is compiled with.
  package var defines: [String: Int] {
    ["WG_SIZE": workGroupSize, "VECTOR_WIDTH": vectorWidth, "GROUP_ELEMENTS": groupElements]
  }
}
