internal import COpenCL

/// The device time of one kernel, summed over its launches.
package struct KernelTime: Sendable {
  package let kernel: String
  package let launches: Int
  package let milliseconds: Double
}

/// Collects the events of a profiling queue and sums their device times by kernel.
final class Profiler {
  private var pending: [(kernel: String, event: OpaquePointer)] = []

  func record(_ event: OpaquePointer?, kernel: String) {
    if let event { pending.append((kernel, event)) }
  }

  /// The times of all recorded launches by kernel, longest first. The queue must have finished.
  func take() -> [KernelTime] {
    var totals: [String: (launches: Int, nanoseconds: UInt64)] = [:]
    for (kernel, event) in pending {
      var start: cl_ulong = 0
      var end: cl_ulong = 0
      clGetEventProfilingInfo(event, cl_profiling_info(CL_PROFILING_COMMAND_START), 8, &start, nil)
      clGetEventProfilingInfo(event, cl_profiling_info(CL_PROFILING_COMMAND_END), 8, &end, nil)
      clReleaseEvent(event)
      let total = totals[kernel, default: (0, 0)]
      totals[kernel] = (total.launches + 1, total.nanoseconds + (end > start ? end - start : 0))
    }
    pending.removeAll()
    return
      totals
      .map { KernelTime(kernel: $0, launches: $1.launches, milliseconds: Double($1.nanoseconds) / 1e6) }
      .sorted { ($0.milliseconds, $1.kernel) > ($1.milliseconds, $0.kernel) }
  }
}
