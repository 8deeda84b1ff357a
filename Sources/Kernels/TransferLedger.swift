/// Bytes copied between host and device, counted by `Context`'s writes and reads.
///
/// Kernel arguments and copies within the device are not counted.
package struct TransferLedger: Sendable, Equatable {
  package var bytesToDevice = 0
  package var bytesFromDevice = 0

  package init() {}

  package static func - (later: TransferLedger, earlier: TransferLedger) -> TransferLedger {
    var difference = TransferLedger()
    difference.bytesToDevice = later.bytesToDevice - earlier.bytesToDevice
    difference.bytesFromDevice = later.bytesFromDevice - earlier.bytesFromDevice
    return difference
  }
}
