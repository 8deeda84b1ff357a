import Kernels

/// The activation of a gate, by its name in the `hidden_act` of Hugging Face's configurations.
package enum Activation: String, Sendable, CaseIterable {
  /// z · σ(z), σ(z) = 1 / (1 + e^−z). Source: Elfwing et al., arXiv:1702.03118.
  case silu = "silu"
  /// z/2 · (1 + tanh u), u = √(2/π) · (z + 0.044715 z³), which is z · σ(2u). Source: Hendrycks and Gimpel,
  /// arXiv:1606.08415.
  case geluTanh = "gelu_pytorch_tanh"

  /// The define of kernels/swiglu.cl; none for SiLU, the default there.
  var defines: Defines { self == .silu ? [:] : ["ACTIVATION": 1] }

  // 2u = z · (line + cubic · z²).
  private static let line = 2 * (2 / Double.pi).squareRoot()
  private static let cubic = line * 0.044715

  /// σ(2u): GELU divided by z.
  static func geluFactor<S: HostScalar>(_ z: S) -> S { 1 / (1 + S.exp(-z * (S(line) + S(cubic) * z * z))) }

  /// The derivative of GELU at z, from the factor there.
  static func geluSlope<S: HostScalar>(_ z: S, factor: S) -> S {
    factor * (1 + z * (S(line) + 3 * S(cubic) * z * z) * (1 - factor))
  }
}
