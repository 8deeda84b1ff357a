import Dispatch
import Foundation
import Synchronization

/// SIGINT and SIGTERM as a question to ask between steps, so that a run saves before it leaves.
package enum Interruption {
  private static let received = Atomic<Int32>(0)

  /// The signal that came, if any.
  package static var signal: Int32? {
    let number = received.load(ordering: .relaxed)
    return number == 0 ? nil : number
  }

  /// Starts to listen; the process no longer ends by these signals by itself.
  ///
  /// - Returns: what listens; keep it as long as the signals should be held.
  package static func listen() -> [any DispatchSourceSignal] {
    [SIGINT, SIGTERM].map { number in
      Foundation.signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { received.store(number, ordering: .relaxed) }
      source.resume()
      return source
    }
  }
}
