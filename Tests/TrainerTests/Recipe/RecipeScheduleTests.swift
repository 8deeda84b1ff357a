import Testing

import Trainer

@Suite("Learning rate schedule")
struct RecipeScheduleTests {
  private func rates(_ kind: LearningRateKind, warmup: Int, total: Int, minRatio: Double = 0.1) -> [Double] {
    let schedule = LearningRateSchedule(
      kind: kind, peak: 2, warmupSteps: warmup, totalSteps: total, minRatio: minRatio)
    return (1...total).map { schedule.rate(step: $0) }
  }

  private func expect(_ rates: [Double], _ expected: [Double]) {
    #expect(rates.count == expected.count)
    for (rate, value) in zip(rates, expected) { #expect(abs(rate - value) < 1e-12, "\(rates)") }
  }

  @Test("warm-up is s/warmup_steps of the peak, then each course ends at its last rate; by hand")
  func byHand() {
    expect(rates(.constant, warmup: 4, total: 6), [0.5, 1, 1.5, 2, 2, 2])
    expect(rates(.linear, warmup: 2, total: 6), [1, 2, 1.55, 1.1, 0.65, 0.2])
    // cos(π/4) = √½, so the second step after the warm-up lies (1 + √½)/2 of the way from the lowest rate to the peak.
    let high = 2 * (0.1 + 0.9 * (1 + 0.5.squareRoot()) / 2)
    let low = 2 * (0.1 + 0.9 * (1 - 0.5.squareRoot()) / 2)
    expect(rates(.cosine, warmup: 1, total: 5), [2, high, 1.1, low, 0.2])
    expect(rates(.wsd, warmup: 2, total: 10), [1, 2, 2, 2, 2, 2, 2, 2, 1.1, 0.2])
    expect(rates(.wsd, warmup: 0, total: 3, minRatio: 0), [2, 2, 0])
  }

  @Test("a warm-up as long as the round never leaves it, and steps after the last keep its rate")
  func edges() {
    expect(rates(.cosine, warmup: 4, total: 4), [0.5, 1, 1.5, 2])
    expect(rates(.wsd, warmup: 9, total: 10, minRatio: 0.5).suffix(2).map { $0 }, [2, 1])
    let schedule = LearningRateSchedule(kind: .linear, peak: 2, warmupSteps: 0, totalSteps: 2, minRatio: 0.1)
    #expect(abs(schedule.rate(step: 50) - 0.2) < 1e-12)
    #expect(schedule.rate(step: 1) == 1.1)
  }
}
