import Foundation

extension Error {
  /// What the system says was wrong with a file: Foundation's own text on Linux names no more than a number.
  package var systemReason: String {
    let underlying = (self as NSError).userInfo[NSUnderlyingErrorKey] as? any Error
    guard let code = (self as? POSIXError ?? underlying as? POSIXError)?.code else { return localizedDescription }
    return String(cString: strerror(code.rawValue))
  }
}
