import Testing

import Trainer

@Suite("Numerals of the report")
struct NumeralTests {
  @Test("digits after the point, and a minus that is one")
  func fixed() {
    #expect(Numeral.fixed(-2.5) == "−2.500")
    #expect(Numeral.fixed(0.0625, 2) == "0.06")
    #expect(Numeral.fixed(-0.0001) == "0.000")
    #expect(Numeral.fixed(41.6, 0) == "42")
    #expect(Numeral.fixed(nil) == "–")
    #expect(Numeral.fixed(.nan) == "–")
    #expect(Numeral.fixed(.infinity) == "∞")
    #expect(Numeral.fixed(1e300) == "1e300")
  }

  @Test("a change carries its sign unless it rounds to nothing")
  func signed() {
    #expect(Numeral.signed(0.25) == "+0.250")
    #expect(Numeral.signed(-0.25) == "−0.250")
    #expect(Numeral.signed(0.0004) == "±0")
    #expect(Numeral.signed(-0.0004) == "±0")
  }

  @Test("counts, bytes and times in units that fit")
  func units() {
    #expect(Numeral.count(9_999) == "9999")
    #expect(Numeral.count(12_345) == "12.3 k")
    #expect(Numeral.count(2_500_000) == "2.50 M")
    #expect(Numeral.bytes(192) == "192 B")
    #expect(Numeral.bytes(3 << 20) == "3.00 MiB")
    #expect(Numeral.bytes(nil) == "–")
    #expect(Numeral.duration(8.25) == "8.3 s")
    #expect(Numeral.duration(125) == "2 min 5 s")
    #expect(Numeral.duration(7_260) == "2 h 1 min")
  }

  @Test("learning rates of any size")
  func short() {
    #expect(Numeral.short(0.00005) == "5e−5")
    #expect(Numeral.short(0.005) == "0.005")
    #expect(Numeral.short(0) == "0")
    #expect(Numeral.short(123.25) == "123.3")
  }
}
