import Foundation
import Testing
import Trainer

@Suite("Union sampling")
struct UnionSamplerTests {
  private func sampler(
    _ rows: [Int], sampling: UnionSettings.Sampling = .equal, replay: Double? = nil, examples: Int? = nil,
    shuffle: Bool = true, reverse: Double = 0, seed: UInt64 = 1, round: Int = 1
  ) -> UnionSampler {
    UnionSampler(
      rowCounts: rows,
      settings: .init(
        union: UnionSettings(sampling: sampling, replayFraction: replay, examples: examples), shuffle: shuffle,
        reverseShare: reverse),
      seed: seed, round: round)
  }

  private func counts(_ sampler: UnionSampler, draws: Int, of datasets: Int) -> [Int] {
    var counts = Array(repeating: 0, count: datasets)
    for position in 0..<draws { counts[sampler.draw(position: position).dataset] += 1 }
    return counts
  }

  @Test("shares are met exactly, shuffled or not", arguments: [true, false])
  func shares(_ shuffle: Bool) {
    let rows = [10, 30, 60]
    func counts(_ sampler: UnionSampler) -> [Int] { self.counts(sampler, draws: 640, of: 3) }
    #expect(counts(sampler(rows, shuffle: shuffle)) == [214, 213, 213])
    #expect(counts(sampler(rows, sampling: .proportional, shuffle: shuffle)) == [64, 192, 384])
    #expect(counts(sampler(rows, replay: 0.1, shuffle: shuffle)) == [32, 32, 576])
    #expect(counts(sampler(rows, sampling: .proportional, replay: 0.5, shuffle: shuffle)) == [80, 240, 320])
    #expect(counts(sampler(rows, replay: 0, shuffle: shuffle)) == [0, 0, 640])
    #expect(counts(sampler(rows, replay: 1, shuffle: shuffle)) == [320, 320, 0])
    #expect(self.counts(sampler([7], replay: 0.5, shuffle: shuffle), draws: 20, of: 1) == [20])
  }

  @Test("temperature: shares by rows to the power of 1/T, from proportional to nearly equal")
  func temperature() {
    func counts(_ temperature: Double, _ rows: [Int] = [10, 1000]) -> [Int] {
      var union = UnionSettings(sampling: .temperature)
      union.temperature = temperature
      let sampler = UnionSampler(
        rowCounts: rows, settings: .init(union: union, shuffle: false, reverseShare: 0), seed: 1, round: 1)
      return self.counts(sampler, draws: 1110, of: 2)
    }
    // By hand: 10 : 1000; 10^½ : 1000^½ = 1 : 10; 1000^(1/1000) is 1.005 of 10^(1/1000).
    #expect(counts(1) == [11, 1099])
    #expect(counts(2) == [101, 1009])
    #expect(abs(counts(1000)[0] - 555) <= 2)
  }

  @Test("weights by name; a dataset that is not named has weight 1, and one of a later round plays no part")
  func weights() {
    var union = UnionSettings(sampling: .weights)
    union.weights = ["b": 2, "c": 0.5, "later": 100]
    let sampler = UnionSampler(
      rowCounts: [50, 7, 900], names: ["a", "b", "c"],
      settings: .init(union: union, shuffle: true, reverseShare: 0), seed: 1, round: 3)
    #expect(counts(sampler, draws: 64 * 7, of: 3) == [128, 256, 64])
  }

  @Test("base replay takes its share beside any sampling, as the dataset after the last", arguments: [nil, 0.5])
  func baseReplay(_ replay: Double?) {
    var union = UnionSettings(sampling: .proportional, replayFraction: replay)
    union.baseReplay = .init(train: RowFiles(["/base.txt"]), fraction: 0.25)
    let sampler = UnionSampler(
      rowCounts: [100, 300], baseRows: 9, settings: .init(union: union, shuffle: true, reverseShare: 0), seed: 1,
      round: 2)
    #expect(counts(sampler, draws: 640, of: 3) == (replay == nil ? [120, 360, 160] : [240, 240, 160]))
    #expect((0..<640).allSatisfy { sampler.draw(position: $0).dataset < 2 || sampler.draw(position: $0).sample < 9 })
    // The new rows once, with the replay beside them.
    #expect(sampler.drawsPerEpoch == (replay == nil ? 534 : 800))
  }

  @Test("shares of a billion rows stay exact beside a replay and a base")
  func largeCounts() {
    var union = UnionSettings(sampling: .proportional, replayFraction: 0.1)
    union.baseReplay = .init(train: RowFiles(["/base.txt"]), fraction: 0.5)
    let sampler = UnionSampler(
      rowCounts: [1_000_000_000, 1_000_000_000, 3], baseRows: 1_000_000_000,
      settings: .init(union: union, shuffle: true, reverseShare: 0), seed: 1, round: 3)
    #expect(counts(sampler, draws: 6400, of: 4) == [160, 160, 2880, 3200])
  }

  @Test("every short stretch of positions holds the shares, too")
  func sharesOfStretches() {
    let plain = sampler([10, 30, 60], replay: 0.25, shuffle: false)
    for start in stride(from: 0, to: 1000, by: 8) {
      let newest = (start..<(start + 8)).count { plain.draw(position: $0).dataset == 2 }
      #expect(newest == 6)
    }
    let mixed = sampler([10, 30, 60], replay: 0.25)
    for start in stride(from: 0, to: 1280, by: 64) {
      #expect((start..<(start + 64)).count { mixed.draw(position: $0).dataset == 2 } == 48)
    }
  }

  @Test("a draw is a function of seed, round and position alone")
  func purity() {
    let first = sampler([11, 13, 17], replay: 0.3, examples: 30, reverse: 0.5)
    let again = sampler([11, 13, 17], replay: 0.3, examples: 30, reverse: 0.5)
    let forwards = (0..<500).map { first.draw(position: $0) }
    let backwards = (0..<500).reversed().map { again.draw(position: $0) }
    #expect(forwards == backwards.reversed())
    for other in [
      sampler([11, 13, 17], replay: 0.3, examples: 30, reverse: 0.5, seed: 2),
      sampler([11, 13, 17], replay: 0.3, examples: 30, reverse: 0.5, round: 2),
    ] {
      #expect((0..<500).map { other.draw(position: $0) } != forwards)
    }
  }

  @Test("no row comes again before all of its dataset have come; each pass has an order of its own")
  func noRepetition() throws {
    let sampler = sampler([5, 37, 22], sampling: .proportional)
    var seen: [[Int]] = [[], [], []]
    for position in 0..<640 {
      let draw = sampler.draw(position: position)
      seen[draw.dataset].append(draw.sample)
    }
    for (dataset, count) in [5, 37, 22].enumerated() {
      try #require(seen[dataset].count == 10 * count)
      let passes = stride(from: 0, to: 10 * count, by: count).map { Array(seen[dataset][$0..<($0 + count)]) }
      for pass in passes { #expect(pass.sorted() == Array(0..<count)) }
      #expect(Set(passes).count > 5)
    }
  }

  @Test("without shuffling, rows come in file order, from the first again after the last")
  func fileOrder() {
    let sampler = sampler([2, 3], shuffle: false)
    let draws = (0..<8).map { sampler.draw(position: $0) }
    #expect(draws.map(\.dataset) == [0, 1, 0, 1, 0, 1, 0, 1])
    #expect(draws.filter { $0.dataset == 0 }.map(\.sample) == [0, 1, 0, 1])
    #expect(draws.filter { $0.dataset == 1 }.map(\.sample) == [0, 1, 2, 0])
  }

  @Test("examples: the round draws from a subset of that many rows, the same at each pass", arguments: [true, false])
  func examples(_ shuffle: Bool) {
    let sampler = sampler([100, 300], examples: 40, shuffle: shuffle)
    #expect(sampler.drawsPerEpoch == 40)
    func rows(_ range: Range<Int>) -> Set<[Int]> {
      Set(range.map { sampler.draw(position: $0) }.map { [$0.dataset, $0.sample] })
    }
    let all = rows(0..<640)
    #expect(all.count == 40)
    #expect(all.count { $0[0] == 0 } == 20)
    let isFirstRows = all.allSatisfy { $0[1] < 20 }
    #expect(isFirstRows == !shuffle)
    let other = self.sampler([100, 300], examples: 40, shuffle: true, round: 2)
    #expect(Set((0..<640).map { other.draw(position: $0) }.map { [$0.dataset, $0.sample] }) != all)
    // A quota larger than a dataset repeats its rows; a subset of fewer rows than there are datasets leaves some out.
    #expect(counts(self.sampler([3, 300], examples: 40, shuffle: shuffle), draws: 640, of: 2) == [320, 320])
    #expect(counts(self.sampler([3, 3, 3], examples: 2, shuffle: shuffle), draws: 64, of: 3).contains(0))
  }

  @Test("an epoch is the union's rows, or the new rows once with their replay beside them")
  func epochs() {
    #expect(sampler([10, 30]).drawsPerEpoch == 40)
    #expect(sampler([10, 30], replay: 0.25).drawsPerEpoch == 40)
    #expect(sampler([10, 90], replay: 0.1).drawsPerEpoch == 100)
    #expect(sampler([10, 30], replay: 0).drawsPerEpoch == 30)
    #expect(sampler([10, 30], replay: 1).drawsPerEpoch == 10)
    #expect(sampler([10], replay: 0.5).drawsPerEpoch == 10)
  }

  @Test("the reverse share is met within chance, and at its ends exactly")
  func reverseShare() {
    let draws = 20_000
    func count(_ share: Double) -> Int {
      let sampler = sampler([50], shuffle: false, reverse: share)
      return (0..<draws).count { sampler.draw(position: $0).reversed }
    }
    #expect(count(0) == 0)
    #expect(count(1) == draws)
    // Five standard deviations of a binomial draw.
    #expect(abs(Double(count(0.3)) - 6000) < 5 * (20_000 * 0.3 * 0.7).squareRoot())
  }
}
