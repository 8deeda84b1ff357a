import Kernels

/// Launch parameters and families for a class of device: the table of defaults that every run obeys.
///
/// A run never measures in order to choose, so the same device, recipe and seed give the same bits.
package struct KernelTraits: Sendable, Equatable {
  /// Floats of a vector register: 16 where the device has 32 of these (AVX-512), 8 elsewhere. The panel families keep as many
  /// sums as the registers hold.
  package var registerLanes = 16
  /// Of row and element-wise kernels.
  package let sizes: LaunchSizes
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
  package var operands = OperandType.float32
  /// How bf16 is multiplied: what `BF16Probe` found.
  package var bf16Method = BF16Method.rounding

  /// - Parameter kind: other than the device's own: what a GPU runs can be checked on a CPU device.
  package init(device: Device, as kind: Device.Kind? = nil) {
    let kind = kind ?? device.kind
    computeUnits = device.computeUnits
    sizes = LaunchSizes(device: device, as: kind)
    matmulFamily = .standard(for: kind)
    attentionFamily = kind == .cpu ? .panel : .tile
    if kind == .cpu { registerLanes = device.nativeVectorWidth >= 16 ? 16 : 8 }
    if !tile.isValid(on: device) { tile = MatmulParameters.Tile(32, 32, 16, items: 4, 4) }
    if !largeTile.isValid(on: device) { largeTile = tile }
  }

  /// Traits for a device at hand: with sub-groups, where it has them and one trial of them holds.
  package static func probed(_ device: Device, as kind: Device.Kind? = nil) -> KernelTraits {
    var traits = KernelTraits(device: device, as: kind)
    guard device.claimsSubgroups && traits.workGroupSize > 1 else { return traits }
    traits.usesSubgroups = true
    traits.usesSubgroups = SubgroupProbe.passes(on: device, traits)
    return traits
  }

  package var workGroupSize: Int { sizes.workGroupSize }
  package var vectorWidth: Int { sizes.vectorWidth }
  package var groupElements: Int { sizes.groupElements }

  /// Whether the panel family multiplies in the processor's tile registers.
  package var usesAMX: Bool { operands == .bfloat16 && bf16Method == .amx }

  /// What the tile family multiplies in; nil: in no matrix unit.
  package var matrixUnit: MatrixUnit? { operands == .bfloat16 ? MatrixUnit(bf16Method) : nil }

  /// The defines that every row and element-wise kernel is compiled with.
  package var defines: Defines {
    sizes.defines + (usesSubgroups ? [Defines.subgroups: 1] : [:])
  }
}
