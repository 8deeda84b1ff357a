import Kernels

/// Launch parameters and families for a class of device: the table of defaults that every run obeys.
///
/// A run never measures in order to choose, so the same device, recipe and seed give the same bits.
package struct KernelTraits: Sendable, Equatable {
  /// Floats of a vector register: on CPU devices 16 with AVX-512, which also has 32 registers, else 8. The panel families
  /// keep as many sums as the registers hold.
  package var registerLanes = 16
  /// Launch sizes of row and element-wise kernels.
  package let sizes: LaunchSizes
  /// True where work-groups compute sums and maxima by sub-groups.
  package var usesSubgroups = false
  package var matmulFamily: MatmulFamily
  /// Default sizes of the tile family for results that have enough tiles of these sizes to fill the device.
  package var largeTile = MatmulParameters.Tile(128, 128, 8, items: 8, 8)
  /// Default sizes of the tile family for all other results.
  package var tile = MatmulParameters.Tile()
  package let computeUnits: Int
  /// Parameters that `accrete tune` found better than the defaults, by class of products.
  package var tunedProducts: [MatmulClass: MatmulParameters] = [:]
  package var attentionFamily: AttentionFamily
  package var operands = OperandType.float32
  /// The method by which bf16 is multiplied; rounding until `BF16Probe` found another.
  package var bf16Method = BF16Method.rounding

  /// The defaults of a device, found without a launch.
  ///
  /// - Parameter kind: the kind to take the defaults of; nil: the device's own. With `gpu` the kernels of GPUs are checked
  ///   on a CPU device.
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

  /// The defaults of a device, with sub-groups where the driver claims them and a trial of them passes.
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

  /// True where the panel family multiplies in the AMX tile registers.
  package var usesAMX: Bool { operands == .bfloat16 && bf16Method == .amx }

  /// The matrix unit that the tile family multiplies in; nil: none.
  package var matrixUnit: MatrixUnit? { operands == .bfloat16 ? MatrixUnit(bf16Method) : nil }

  /// The defines that each kernel launched by a `DeviceCall` is compiled with, beside its own.
  package var defines: Defines {
    sizes.defines + (usesSubgroups ? [Defines.subgroups: 1] : [:])
  }
}
