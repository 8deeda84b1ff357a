import Foundation
import GPUTensor
import TestSupport
import Testing

@Suite struct HalfPrecisionTests {
  @Test func everyHalfWidensExactly() {
    for bits in UInt16.min...UInt16.max {
      let expected = Float(Float16(bitPattern: bits))
      let actual = widenHalf(bits)
      if expected.isNaN {
        #expect(actual.isNaN)
      } else if actual.bitPattern != expected.bitPattern {
        Issue.record("half \(bits) became \(actual), expected \(expected)")
      }
    }
  }

  @Test func everyHalfSurvivesTheRoundTrip() {
    for bits in UInt16.min...UInt16.max where !Float16(bitPattern: bits).isNaN {
      if narrowToHalf(widenHalf(bits)) != bits { Issue.record("half \(bits) changed") }
    }
  }

  @Test func narrowingToHalfRoundsAsTheHardwareDoes() {
    var generator = SeededGenerator(seed: 1)
    var samples = (0..<200_000).map { _ in Float(bitPattern: UInt32(truncatingIfNeeded: generator.next())) }
    // Between adjacent halves: the middle, and one unit to either side of it.
    for bits in UInt16(0)..<0x7C00 {
      let middle = (widenHalf(bits) + widenHalf(bits + 1)) / 2
      if middle.isFinite { samples += [middle, middle.nextUp, middle.nextDown, -middle] }
    }
    samples += [65519, 65519.996, 65520, 65536, .greatestFiniteMagnitude, .infinity, .leastNonzeroMagnitude]
    for sample in samples where !sample.isNaN {
      if narrowToHalf(sample) != Float16(sample).bitPattern {
        Issue.record("\(sample) became \(narrowToHalf(sample)), expected \(Float16(sample).bitPattern)")
      }
    }
    #expect(Float16(bitPattern: narrowToHalf(.nan)).isNaN)
    #expect(Float16(bitPattern: narrowToHalf(Float(bitPattern: 0x7F80_0001))).isNaN)
  }

  @Test func narrowingToBFloatTakesTheNearest() {
    var generator = SeededGenerator(seed: 2)
    for _ in 0..<200_000 {
      let sample = Float(bitPattern: UInt32(truncatingIfNeeded: generator.next()))
      guard sample.isFinite else { continue }
      let below = UInt16(truncatingIfNeeded: sample.bitPattern >> 16)
      // Magnitudes grow with the pattern: the next number away from zero is the next pattern.
      let low = Double(widenBFloat(below))
      let step = Double(Float(bitPattern: UInt32(below) << 16).magnitude.ulp) * 65536
      let excess = (Double(sample) - low).magnitude / step
      let expected = excess > 0.5 || (excess == 0.5 && below & 1 == 1) ? below + 1 : below
      if narrowToBFloat(sample) != expected { Issue.record("\(sample) became \(narrowToBFloat(sample))") }
    }
    // Exactly half way: 1 + 2^-8 goes to the even 1, 1 + 3·2^-8 to the even 1 + 2^-6.
    #expect(narrowToBFloat(1 + 0x1p-8) == 0x3F80)
    #expect(narrowToBFloat(1 + 3 * 0x1p-8) == 0x3F82)
    #expect(narrowToBFloat(Float(bitPattern: 0x7F80_0001)) & 0x7FFF > 0x7F80)
  }
}
