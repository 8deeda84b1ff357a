import Foundation

/// The learning rate's course after warm-up (`lr_scheduler_type`).
package enum LearningRateKind: String, Sendable, CaseIterable {
  case constant
  case linear
  case cosine
  /// Warm-up, stable, decay.
  case wsd
  /// Several half cosines one after the other, each from the peak.
  case cosineWithRestarts = "cosine_with_restarts"
}

/// The learning rate of each optimiser step of one round.
///
/// Warm-up: `peak · s / warmupSteps`. Then, with p going from 0 at the end of the warm-up to 1 at the last step:
///
///     constant  peak
///     linear    peak · (1 − (1 − minRatio) · p)
///     cosine    peak · (minRatio + (1 − minRatio) · (1 + cos πp) / 2)
///     wsd       peak, then linear over the last 20 % of the steps
///     cosine_with_restarts
///               peak · (minRatio + (1 − minRatio) · (1 + cos π(cycles · p mod 1)) / 2), and peak · minRatio where p is 1
///
/// - Source: cosine, and its restarts as transformers' get_cosine_with_hard_restarts_schedule_with_warmup has them:
///   arXiv:1608.03983; warm-up, stable, decay: arXiv:2404.06395, section 4.
package struct LearningRateSchedule: Sendable, Equatable {
  package let kind: LearningRateKind
  /// The highest rate, reached when the warm-up ends.
  package let peak: Double
  package let warmupSteps: Int
  /// Optimiser steps of the round.
  package let totalSteps: Int
  /// The last rate, as a share of the peak.
  package let minRatio: Double
  /// Cosines of a course with restarts.
  package let cycles: Int

  package init(
    kind: LearningRateKind, peak: Double, warmupSteps: Int, totalSteps: Int, minRatio: Double, cycles: Int = 1
  ) {
    self.kind = kind
    self.peak = peak
    self.warmupSteps = warmupSteps
    self.totalSteps = totalSteps
    self.minRatio = minRatio
    self.cycles = cycles
  }

  /// The rate of optimiser step `step`, counted from 1; after the last step it stays at the last rate.
  package func rate(step: Int) -> Double {
    precondition(step >= 1, "steps count from 1")
    if step <= warmupSteps { return peak * Double(step) / Double(warmupSteps) }
    switch kind {
    case .constant: return peak
    case .linear: return linear(progress(of: step, from: warmupSteps))
    case .cosine: return cosine(progress(of: step, from: warmupSteps))
    case .cosineWithRestarts:
      let p = progress(of: step, from: warmupSteps)
      return cosine(p < 1 ? (Double(cycles) * p).truncatingRemainder(dividingBy: 1) : 1)
    case .wsd:
      // A fifth of the steps, rounded up, but never inside the warm-up.
      let decaySteps = totalSteps / 5 + (totalSteps % 5 == 0 ? 0 : 1)
      return linear(progress(of: step, from: max(totalSteps - decaySteps, warmupSteps)))
    }
  }

  private func linear(_ p: Double) -> Double { peak * (1 - (1 - minRatio) * p) }

  private func cosine(_ p: Double) -> Double { peak * (minRatio + (1 - minRatio) * 0.5 * (1 + cos(.pi * p))) }

  /// 0 up to step `start`, 1 from the last step on.
  private func progress(of step: Int, from start: Int) -> Double {
    guard totalSteps > start else { return 1 }
    return min(max(Double(step - start) / Double(totalSteps - start), 0), 1)
  }
}
