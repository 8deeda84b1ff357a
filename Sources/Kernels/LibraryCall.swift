internal import COpenCL

extension Context {
  /// Enqueues the kernels of a library that takes our command queue, without waiting.
  ///
  /// - Parameters:
  ///   - name: the library's function, for profiles and errors.
  ///   - detail: the values of the call, for errors.
  ///   - body: calls the library with the queue and with a place for an event (nil unless the context profiles);
  ///     returns the library's status, 0 for success.
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
