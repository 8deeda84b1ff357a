import Foundation

extension Error {
  /// The system's own words for an error about a file: Foundation's text on Linux names no more than a number.
  package var systemReason: String {
    let underlying = (self as NSError).userInfo[NSUnderlyingErrorKey] as? any Error
    var code = (self as? POSIXError ?? underlying as? POSIXError)?.code
    // A full disk has a code of Foundation's own, without the system's.
    if code == nil, (self as? CocoaError)?.code == .fileWriteOutOfSpace { code = .ENOSPC }
    guard let code else { return localizedDescription }
    return String(cString: strerror(code.rawValue))
  }
}
