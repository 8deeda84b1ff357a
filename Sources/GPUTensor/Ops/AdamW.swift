import Foundation
import Kernels

/// AdamW's constants, named and applied as in PyTorch: decoupled weight decay, applied first.
///
/// Source: Loshchilov and Hutter, arXiv:1711.05101.
package struct AdamWSettings: Sendable, Hashable {
  package var beta1: Float
  package var beta2: Float
  package var epsilon: Float
  package var weightDecay: Float
  /// Gradients whose global norm is larger are scaled down to this norm; 0: never.
  package var maxGradNorm: Float
  /// Factor of the learning rate for these parameters.
  package var rateFactor: Float = 1

  package init(beta1: Float, beta2: Float, epsilon: Float, weightDecay: Float, maxGradNorm: Float) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    self.maxGradNorm = maxGradNorm
  }
}

/// The storage of an optimiser's two moments (the recipe's `optim`).
package enum OptimizerMoments: String, Sendable, CaseIterable {
  case float32 = "adamw"
  /// Rounded stochastically to bfloat16.
  case bfloat16 = "adamw_bf16"
  /// Rounded stochastically to `MomentBlocks`.
  case blocks = "adamw_8bit"

  /// The dtypes of first and second moments.
  package var dtypes: (first: DType, second: DType) {
    switch self {
    case .float32: (.float32, .float32)
    case .bfloat16: (.bfloat16, .bfloat16)
    case .blocks: (.moment1, .moment2)
    }
  }

  /// The case whose first moments have this dtype.
  fileprivate init(first dtype: DType) {
    guard let found = Self.allCases.first(where: { $0.dtypes.first == dtype }) else {
      preconditionFailure("no moments are kept as \(dtype.rawValue)")
    }
    self = found
  }

  /// MOMENTS of `kernels/adamw.cl`.
  fileprivate var define: Int {
    switch self {
    case .float32: 0
    case .bfloat16: 1
    case .blocks: 2
    }
  }
}

/// One AdamW step on a slab of parameters, in place. Inputs: gradient [n], global norm [1]; outputs: parameter, m, v
/// [n].
///
/// A norm that is not finite leaves all three unchanged.
struct AdamW: Operation {
  let name = "adamw"
  let settings: AdamWSettings
  let moments: OptimizerMoments

  func outputs(for inputs: [Tensor]) -> [TensorDescription] {
    [.float32, moments.dtypes.first, moments.dtypes.second].map { TensorDescription(inputs[0].shape, $0) }
  }

  func canAccumulate(output: Int) -> Bool { true }

  func enqueue(_ call: DeviceCall) throws(DeviceError) {
    let count = call.inputShapes[0].count
    let (correction1, correction2) = corrections(call.scalars.optimizerStep)
    try call.launchElements(
      "adamw_update", "adamw.cl", defines: ["MOMENTS": moments.define],
      [
        call.output(0), call.output(1), call.output(2), call.input(0), call.input(1), .ulong(count),
        .uint(noiseKey(call.scalars)), .float(call.scalars.learningRate * settings.rateFactor), .float(settings.beta1),
        .float(settings.beta2), .float(settings.epsilon), .float(settings.weightDecay), .float(Float(correction1)),
        .float(Float(correction2)), .float(settings.maxGradNorm),
      ], count: count)
  }

  /// 1 − β^t of both moments at step t.
  private func corrections(_ step: Int) -> (Double, Double) {
    (1 - pow(Double(settings.beta1), Double(step)), 1 - pow(Double(settings.beta2), Double(step)))
  }

  /// The key of the bits that round moments stochastically in this step.
  private func noiseKey(_ scalars: ReplayScalars) -> UInt32 {
    ElementHash.scrambled(UInt32(truncatingIfNeeded: scalars.optimizerStep))
  }

  @_specialize(where S == Float)
  @_specialize(where S == Double)
  func evaluate<S: HostScalar>(_ call: HostCall<S>) {
    let (p, m, v, g, norm) = (call.output(0), call.output(1), call.output(2), call.input(0), call.input(1)[0])
    guard norm.isFinite else { return }
    let (beta1, beta2, epsilon) = (S(settings.beta1), S(settings.beta2), S(settings.epsilon))
    let rate = S(call.scalars.learningRate) * S(settings.rateFactor)
    let clip = GlobalNorm.clipFactor(norm, maxGradNorm: settings.maxGradNorm)
    let (correction1, correction2) = corrections(call.scalars.optimizerStep)
    let (c1, c2) = (S(correction1), S(correction2))
    let keep = 1 - rate * S(settings.weightDecay)
    let key = noiseKey(call.scalars)
    call.parallelElements(call.inputShapes[0].count) { range in
      for index in range {
        let gradient = g[index] * clip
        m[index] = beta1 * m[index] + (1 - beta1) * gradient
        v[index] = beta2 * v[index] + (1 - beta2) * gradient * gradient
        p[index] = p[index] * keep - rate * (m[index] / c1) / ((v[index] / c2).squareRoot() + epsilon)
      }
      round(m, v, range, key: key)
    }
  }

  /// Rounds the moments to their stored form; `range` covers whole blocks, except at the slab's end.
  private func round<S: HostScalar>(
    _ m: UnsafeMutablePointer<S>, _ v: UnsafeMutablePointer<S>, _ range: Range<Int>, key: UInt32
  ) {
    switch moments {
    case .float32: return
    case .bfloat16:
      for index in range {
        let bits = ElementHash.bits(index, key: key)
        m[index] = S(truncated(Float(m[index]), noise: bits & 0xFFFF))
        v[index] = S(truncated(Float(v[index]), noise: bits >> 16))
      }
    case .blocks:
      for first in stride(from: range.lowerBound, to: range.upperBound, by: MomentBlocks.elements) {
        let count = min(MomentBlocks.elements, range.upperBound - first)
        MomentBlocks.first.round(UnsafeMutableBufferPointer(start: m + first, count: count)) {
          ElementHash.bits(first + $0, key: key) & 0xFFFF
        }
        MomentBlocks.second.round(UnsafeMutableBufferPointer(start: v + first, count: count)) {
          ElementHash.bits(first + $0, key: key) >> 16
        }
      }
    }
  }

  /// `value` rounded stochastically to the bfloat16 below or above, by 16 random bits.
  private func truncated(_ value: Float, noise: UInt32) -> Float {
    Float(bitPattern: (value.bitPattern &+ noise) & 0xFFFF_0000)
  }
}

extension Graph {
  /// Records one AdamW step on a slab of parameters and its moments, in place.
  ///
  /// - Parameters:
  ///   - parameter, m, v, gradient: [n]; the moments have the dtypes of one `OptimizerMoments`.
  ///   - norm: the global norm of all gradients, [1].
  package func adamW(
    parameter: Tensor, m: Tensor, v: Tensor, gradient: Tensor, norm: Tensor, settings: AdamWSettings
  ) {
    let moments = OptimizerMoments(first: m.dtype)
    precondition(v.dtype == moments.dtypes.second, "moments kept in two ways")
    record(
      AdamW(settings: settings, moments: moments), [gradient, norm], into: [parameter, m, v],
      modes: [.accumulate, .accumulate, .accumulate])
  }
}

extension AdamW: CheckedFirst {
  package static var firstCases: [OperationCase] {
    [OperationCase("1031", rows: 1) { record($0, count: 1031, maxNorm: 0.5, moments: .float32) }]
  }
}

extension AdamW: Checked {
  package static let stem = "adamw"

  package static func cases(_ sizes: CheckSizes) -> [OperationCase] {
    (sizes.lengths + (sizes == .full ? [40_001] : [])).flatMap { count in
      [0, 0.5].map { (maxNorm: Float) in
        OperationCase("\(count), clip \(maxNorm)", rows: 1) { recorder in
          record(recorder, count: count, maxNorm: maxNorm, moments: .float32)
        }
      }
    } + [
      OperationCase("37, 16 times the rate", rows: 1) {
        record($0, count: 37, maxNorm: 0.5, moments: .float32, rateFactor: 16)
      }
    ] + cases(sizes, moments: .bfloat16) + cases(sizes, moments: .blocks)
  }

  /// Lengths around a block's end, short enough that no value lies so close to a rounding boundary that an earlier
  /// rounding error decides.
  private static func cases(_ sizes: CheckSizes, moments: OptimizerMoments) -> [OperationCase] {
    (sizes.lengths + (sizes == .small ? [257] : [255, 256, 1025])).map { count in
      OperationCase("\(count), \(moments.rawValue)", rows: 1) { recorder in
        record(recorder, count: count, maxNorm: 0.5, moments: moments)
      }
    }
  }

  private static func record(
    _ recorder: CaseRecorder, count: Int, maxNorm: Float, moments: OptimizerMoments, rateFactor: Float = 1
  ) {
    var settings = AdamWSettings(beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1, maxGradNorm: maxNorm)
    settings.rateFactor = rateFactor
    let shape = Shape([count])
    let (p, g) = (recorder.parameter(shape), recorder.parameter(shape))
    let m = recorder.parameter(shape, dtype: moments.dtypes.first)
    let v = recorder.parameter(shape, in: 0...1, dtype: moments.dtypes.second)
    recorder.set { ($0.learningRate, $0.optimizerStep) = (0.01, 3) }
    recorder.graph.adamW(
      parameter: p, m: m, v: v, gradient: g, norm: recorder.graph.globalNorm([g]),
      settings: settings)
    for tensor in [p, m, v] { recorder.compare(tensor) }
  }
}
