import Kernels

/// The families of matmul kernels, named by their method.
package enum MatmulFamily: String, Sendable, CaseIterable, Codable {
  /// Packed panels, each work-item with a register tile: CPU devices.
  case panel
  /// Work-group tiles in local memory: GPUs.
  case tile
  /// The CLBlast library.
  case clblast

  /// True where the family's kernels run on the device.
  package func suits(_ device: Device) -> Bool { self != .panel || device.runsPanels }

  /// The default family of a kind of device.
  static func standard(for kind: Device.Kind) -> MatmulFamily { kind == .cpu ? .panel : .tile }
}

/// The families of attention.
package enum AttentionFamily: String, Sendable, CaseIterable {
  /// A tile of queries for each work-item, one query a vector lane: CPU devices.
  case panel
  /// A tile of queries for each work-group; keys and values stream through local memory: GPUs.
  case tile

  /// True where the family's kernels run on the device.
  package func suits(_ device: Device) -> Bool { self != .panel || device.runsPanels }
}
