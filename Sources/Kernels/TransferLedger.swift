/// Bytes that crossed between host and device, counted at the one place where buffers are written and read.
///
/// Kernel arguments are not counted, and neither are copies that stay on the device.
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
