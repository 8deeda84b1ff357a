import Kernels

/// Every op that is checked, a line each: what tests and `accrete doctor` go through.
package enum OperationRegistry {
  package static let all: [any Checked.Type] = [
    Matmul.self,
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
    SumAll.self,
    Cast.self,
    BatchRows.self,
    AdamW.self,
  ]
}

/// A choice of families under which an op is checked.
package struct CheckVariant: Sendable {
  /// What `accrete doctor` calls it: the op's stem, and the family where there is a choice.
  package let name: String
  package let traits: KernelTraits

  /// The variants of an op on a device: each family of matmul and attention in turn.
  package static func all(of operation: any Checked.Type, device: Device) -> [CheckVariant] {
    let traits = KernelTraits(device: device)
    switch operation.stem {
    case "matmul", "cross_entropy":
      return MatmulFamily.allCases.filter { $0 != .clblast || device.runsCLBlast }.map { family in
        var forced = traits
        forced.matmulFamily = family
        return CheckVariant(name: "\(operation.stem)/\(family.rawValue)", traits: forced)
      }
    case "attention":
      return AttentionFamily.allCases.map { family in
        var forced = traits
        forced.attentionFamily = family
        return CheckVariant(name: "\(operation.stem)/\(family.rawValue)", traits: forced)
      }
    default:
      return [CheckVariant(name: operation.stem, traits: traits)]
    }
  }
}
