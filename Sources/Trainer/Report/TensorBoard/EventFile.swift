import Foundation
import SwiftProtobuf

/// Bytes of a TensorBoard event file: records of one event each.
///
/// A record is the length of its data (8 bytes), the masked CRC-32C of these (4), the data, and its masked CRC-32C (4);
/// numbers are little-endian.
package struct EventFile {
  package private(set) var bytes: [UInt8] = []

  /// Begins a file with the event that names the format's version.
  package init() throws {
    var event = ScalarEvent()
    event.fileVersion = "brain.Event:2"
    try append(event)
  }

  /// Appends the scalars of one step.
  ///
  /// - Parameter wallTime: seconds since 1970-01-01 UTC.
  package mutating func append(step: Int, wallTime: Double, scalars: [(tag: String, value: Double)]) throws {
    var event = ScalarEvent()
    event.wallTime = wallTime
    event.step = Int64(step)
    event.summary.scalars = scalars.map { scalar in
      var message = ScalarEvent.Summary.Scalar()
      message.tag = scalar.tag
      message.value = Float(scalar.value)
      return message
    }
    try append(event)
  }

  private mutating func append(_ event: ScalarEvent) throws {
    let data: [UInt8] = try event.serializedBytes()
    withUnsafeBytes(of: UInt64(data.count).littleEndian) { length in
      bytes.append(contentsOf: length)
      append(CRC32C.masked(length))
    }
    bytes.append(contentsOf: data)
    append(CRC32C.masked(data))
  }

  private mutating func append(_ check: UInt32) {
    withUnsafeBytes(of: check.littleEndian) { bytes.append(contentsOf: $0) }
  }
}
