import Dispatch

/// Measures time in laps.
struct Stopwatch {
  private var start = DispatchTime.now()

  /// Seconds since the last lap, or since the watch was made.
  mutating func lap() -> Double {
    let now = DispatchTime.now()
    defer { start = now }
    return Double(now.uptimeNanoseconds - start.uptimeNanoseconds) / 1e9
  }
}
