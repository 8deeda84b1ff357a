import Foundation

/// A failure of an OpenCL driver or of its use: the call, its values, the status and the remedy.
package struct DeviceError: Error, CustomStringConvertible {
  /// The kinds of failure that callers tell apart.
  package enum Kind: Sendable {
    /// No device matches the one asked for.
    case noSuchDevice
    /// The device, or the largest single buffer, has too little memory.
    case outOfMemory
    /// A kernel's source is missing or does not compile.
    case build
    /// Any other status of the driver.
    case driver
  }

  package let kind: Kind
  /// The routine that failed, by its name in the OpenCL specification.
  package let call: String
  /// The driver's status code; 0 where the failure was found before any call.
  package let status: Int32
  /// The values that the call was made with, for the message.
  package let detail: String
  package let remedy: String

  package init(kind: Kind = .driver, call: String, status: Int32 = 0, detail: String = "", remedy: String = "") {
    let memoryCodes: [Int32] = [-4, -5, -6, -61]
    self.kind = kind == .driver && memoryCodes.contains(status) ? .outOfMemory : kind
    self.call = call
    self.status = status
    self.detail = detail
    self.remedy = remedy.isEmpty ? OpenCLStatus.remedy(for: status) : remedy
  }

  package var description: String {
    var text = call
    if status != 0 { text += ": \(OpenCLStatus.name(of: status))" }
    if !detail.isEmpty { text += " (\(detail))" }
    if !remedy.isEmpty { text += "; \(remedy)" }
    return text
  }

  /// The process's exit code: 69 no such device, 5 out of memory, 70 internal.
  package var exitCode: Int32 {
    switch kind {
    case .noSuchDevice: 69
    case .outOfMemory: 5
    case .build, .driver: 70
    }
  }
}

/// Throws unless `status` is CL_SUCCESS; `detail` is evaluated on failure only.
func check(_ status: Int32, _ call: String, _ detail: @autoclosure () -> String = "") throws(DeviceError) {
  guard status == 0 else { throw DeviceError(call: call, status: status, detail: detail()) }
}

/// Unwraps a handle that a creating call returned together with its status; throws `DeviceError` on failure.
func created(
  _ handle: OpaquePointer?, _ status: Int32, _ call: String, _ detail: @autoclosure () -> String = ""
) throws(DeviceError) -> OpaquePointer {
  guard status == 0, let handle else { throw DeviceError(call: call, status: status, detail: detail()) }
  return handle
}
