import Testing

import Trainer

/// The vectors of RFC 3720, appendix B.4, and the one that catalogues of checks give.
@Suite("CRC-32C")
struct CRC32CTests {
  @Test("known vectors")
  func vectors() {
    #expect(CRC32C.checksum("123456789".utf8) == 0xE306_9283)
    #expect(CRC32C.checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
    #expect(CRC32C.checksum([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
    #expect(CRC32C.checksum(0..<32) == 0x46DD_794E)
    #expect(CRC32C.checksum([UInt8]()) == 0)
  }

  @Test("the mask turns by fifteen bits and adds a constant")
  func masked() {
    let check: UInt32 = 0xE306_9283
    let turned = check >> 15 | check << 17
    #expect(CRC32C.masked("123456789".utf8) == turned &+ 0xA282_EAD8)
  }
}
