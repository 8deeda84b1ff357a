import Foundation
import Kernels
import Synchronization

/// SIGINT, SIGTERM and SIGHUP as a question to ask between steps and batches, so that a run saves before it ends.
package enum Interruption {
  private static let received = Atomic<Int32>(0)

  /// The first signal that came, if any; those that follow change nothing.
  package static var signal: Int32? {
    let number = received.load(ordering: .relaxed)
    return number == 0 ? nil : number
  }

  /// Starts to listen; the process no longer ends by these signals by itself. To be called once, before any other thread
  /// is there. SIGHUP stays ignored where it was (nohup).
  ///
  /// The signals are blocked in this thread, and with it in all threads and processes that start from here on; one thread
  /// waits for them. A terminal sends Ctrl-C to every process in it: an OpenCL driver's compiler, which runs in this
  /// process or in a child, would otherwise end or remove its files, and its driver fail or abort.
  package static func listen() {
    let numbers = [SIGINT, SIGTERM] + (isIgnored(SIGHUP) ? [] : [SIGHUP])
    // One that is ignored may be dropped before it can be waited for.
    for number in numbers { Foundation.signal(number, SIG_DFL) }
    var blocked = signalSet(numbers)
    pthread_sigmask(SIG_BLOCK, &blocked, nil)
    Thread.detachNewThread {
      var awaited = signalSet(numbers)
      while true {
        var number: Int32 = 0
        guard sigwait(&awaited, &number) == 0 else { continue }
        _ = received.compareExchange(expected: 0, desired: number, ordering: .relaxed)
      }
    }
  }

  /// Throws `RoundError.stopped` where a signal came: for work that has nothing to save.
  static func check() throws(RoundError) {
    if let signal { throw .stopped(signal: signal, failure: nil) }
  }

  /// Throws `RoundError.interrupted` where a signal came: for a run that is saved up to this step.
  static func check(inRound round: String, step: Int) throws(RoundError) {
    if let signal { throw .interrupted(signal: signal, round: round, step: step) }
  }

  /// The cause of an error that ended a run: a driver that fails after a signal fails by it, since its compiler may run
  /// in processes that the signal reached too. What is wrong with a file or a row is so with or without a signal.
  package static func cause(of error: any Error) -> any Error {
    guard let signal, let failure = error as? DeviceError else { return error }
    return RoundError.stopped(signal: signal, failure: "\(failure)")
  }

  private static func isIgnored(_ number: Int32) -> Bool {
    var action = sigaction()
    guard sigaction(number, nil, &action) == 0 else { return false }
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
  }

  private static func signalSet(_ numbers: [Int32]) -> sigset_t {
    var set = sigset_t()
    sigemptyset(&set)
    for number in numbers { sigaddset(&set, number) }
    return set
  }
}
