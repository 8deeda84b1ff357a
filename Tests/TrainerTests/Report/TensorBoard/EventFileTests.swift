import Foundation
import SwiftProtobuf
import Testing

import Trainer

@Suite("TensorBoard event files")
struct EventFileTests {
  /// The events of a file, whose frames and checks are read here by the description of the format.
  static func events(_ bytes: [UInt8]) throws -> [ScalarEvent] {
    var events: [ScalarEvent] = []
    var position = 0
    while position < bytes.count {
      let header = Array(bytes[position..<position + 8])
      let length = Int(header.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
      let data = Array(bytes[position + 12..<position + 12 + length])
      func check(at place: Int) -> UInt32 { bytes[place..<place + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) } }
      try #require(check(at: position + 8) == CRC32C.masked(header))
      try #require(check(at: position + 12 + length) == CRC32C.masked(data))
      events.append(try ScalarEvent(serializedBytes: data))
      position += 16 + length
    }
    return events
  }

  @Test("the first record is the version's, byte for byte")
  func version() throws {
    // Field 3, 13 bytes: "brain.Event:2".
    let data = [0x1A, 0x0D] + Array("brain.Event:2".utf8)
    let bytes = try EventFile().bytes
    #expect(Array(bytes[..<8]) == [UInt8(data.count), 0, 0, 0, 0, 0, 0, 0])
    #expect(Array(bytes[12..<12 + data.count]) == data)
    #expect(bytes.count == data.count + 16)
  }

  @Test("scalars come back, a 0 too")
  func scalars() throws {
    var file = try EventFile()
    try file.append(step: 7, wallTime: 12.5, scalars: [("train/loss", 1.5), ("train/learning_rate", 0)])
    let events = try Self.events(file.bytes)
    #expect(events.count == 2)
    #expect(events[1].step == 7)
    #expect(events[1].wallTime == 12.5)
    #expect(events[1].summary.scalars.map(\.tag) == ["train/loss", "train/learning_rate"])
    #expect(events[1].summary.scalars.map(\.value) == [1.5, 0])
    #expect(events[1].summary.scalars.allSatisfy { $0.hasValue })
  }
}
