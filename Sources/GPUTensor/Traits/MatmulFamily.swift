import Kernels

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

  /// The family that a kind of device takes unless something else is asked for.
  static func standard(for kind: Device.Kind) -> MatmulFamily { kind == .cpu ? .panel : .tile }
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
