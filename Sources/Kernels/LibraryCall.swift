internal import COpenCL

extension Context {
  /// Enqueues the kernels of a library that takes a command queue of ours; it does not wait.
  ///
  /// - Parameters:
  ///   - name: the library's function, for profiles and errors.
  ///   - detail: the values that it is called with, for errors.
  ///   - body: calls it with the queue, and with where it is to leave an event: nil unless the context profiles. Returns
  ///     the library's status, 0 where it went well.
  package func enqueue(
    library name: String, _ detail: @autoclosure () -> String,
    _ body: (UnsafeMutablePointer<OpaquePointer?>, UnsafeMutablePointer<OpaquePointer?>?) -> Int32
  ) throws(DeviceError) {
    var queueHandle: OpaquePointer? = queue
    var event: OpaquePointer?
    let status = withUnsafeMutablePointer(to: &event) { event in
      withUnsafeMutablePointer(to: &queueHandle) { body($0, profiler == nil ? nil : event) }
    }
    profiler?.record(event, kernel: name)
    try check(status, name, detail())
  }
}
