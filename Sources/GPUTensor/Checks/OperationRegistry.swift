import Kernels

/// Every op that the tests and `accrete doctor` check, one a line: a list, and so it names them all.
package enum OperationRegistry {
  package static let all: [any Checked.Type] = [
    Matmul.self,
    DecodeBlock.self,
    Attention.self,
    Softmax.self,
    RMSNorm.self,
    RoPE.self,
    SwiGLU.self,
    Dropout.self,
    Embedding.self,
    CacheRows.self,
    LinearCrossEntropy.self,
    Add.self,
    Bias.self,
    ScaleColumns.self,
    AdaptedNorm.self,
    SumAll.self,
    Cast.self,
    BatchRows.self,
    AdamW.self,
    Lion.self,
    Muon.self,
  ]

  /// The names that `accrete doctor` accepts: the ops' stems.
  package static var names: [String] { all.map { $0.stem } }
}

/// A choice of kernel families and methods in which an op is checked.
package struct CheckVariant: Sendable {
  /// The name in `accrete doctor`: the op's stem, and the family where there is a choice.
  package let name: String
  package private(set) var traits: KernelTraits

  /// The variants of an op on a device: every suitable family of matmul and attention, and for matmul also in bf16.
  ///
  /// - Parameters:
  ///   - bf16Methods: the methods that `BF16Probe` found.
  ///   - tuned: the products that `accrete tune` found; a variant of their own.
  package static func all(
    of operation: any Checked.Type, device: Device, bf16Methods: [BF16Method] = [.rounding],
    tuned: TunedProducts = [:]
  ) -> [CheckVariant] {
    let traits = KernelTraits.probed(device)
    // GPU traits on this device: the tile families, and groups of several work-items in every other kernel, run here as
    // on a GPU.
    var asGPU = KernelTraits.probed(device, as: .gpu)
    let bySubgroups = asGPU
    asGPU.usesSubgroups = false
    switch operation.stem {
    case "matmul", "cross_entropy":
      let suitable = MatmulFamily.allCases.filter { $0.suits(device) && ($0 != .clblast || device.runsCLBlast) }
      let families = suitable.map { family in
        var forced = family == .tile ? asGPU : traits
        forced.matmulFamily = family
        return CheckVariant(name: "\(operation.stem)/\(family.rawValue)", traits: forced)
      }
      var own = CheckVariant(name: operation.stem + "/tuned", traits: traits)
      own.traits.tunedProducts = tuned[.float32] ?? [:]
      let tunedOwn = own.traits == traits ? [] : [own]
      let narrow = suitable.contains(.panel) ? [Self.narrow(operation, traits)] : []
      // In bf16 only matmul is checked: a loss rounds values that it has computed, and two correct ways that differ in
      // the last bit may round in opposite directions.
      guard operation.stem == "matmul" else { return families + narrow + tunedOwn }
      own.traits.tunedProducts = tuned[.bfloat16] ?? [:]
      let tunedBF16 = own.traits == traits ? [] : bf16([own], methods: [.fastest(of: bf16Methods, on: device)])
      let inBF16 = bf16(families, methods: bf16Methods) + bf16(narrow, methods: [.rounding]) + tunedBF16
      return families + narrow + tunedOwn + inBF16
    case "attention":
      let suitable = AttentionFamily.allCases.filter { $0.suits(device) }
      let families = suitable.map { family in
        var forced = family == .tile ? asGPU : traits
        forced.attentionFamily = family
        return CheckVariant(name: "\(operation.stem)/\(family.rawValue)", traits: forced)
      }
      return families + (suitable.contains(.panel) ? [Self.narrow(operation, traits)] : [])
    default:
      let own = CheckVariant(name: operation.stem, traits: traits)
      let groups = [("groups", asGPU), ("subgroups", bySubgroups)].filter { name, forced in
        forced != traits && (name == "groups" || forced.usesSubgroups)
      }
      return [own] + groups.map { CheckVariant(name: "\(operation.stem)/\($0.0)", traits: $0.1) }
    }
  }

  /// The panel family with the register width that the device does not have: 8 lanes where it has 16, and the reverse.
  private static func narrow(_ operation: any Checked.Type, _ traits: KernelTraits) -> CheckVariant {
    var forced = traits
    forced.matmulFamily = .panel
    forced.attentionFamily = .panel
    forced.registerLanes = traits.registerLanes == 16 ? 8 : 16
    return CheckVariant(name: "\(operation.stem)/panel-\(forced.registerLanes)-lanes", traits: forced)
  }

  private static func bf16(_ families: [CheckVariant], methods: [BF16Method]) -> [CheckVariant] {
    families.flatMap { variant in
      methods.filter { $0.suits(variant.traits.matmulFamily) }.map { method in
        var traits = variant.traits
        (traits.operands, traits.bf16Method) = (.bfloat16, method)
        let suffix = method == .rounding ? "" : "-" + method.rawValue
        return CheckVariant(name: variant.name + "-bf16" + suffix, traits: traits)
      }
    }
  }
}
