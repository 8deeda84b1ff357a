import Foundation

/// The two streams that carry all of the program's output.
///
/// Bytes go out by write(2): Foundation's `FileHandle` traps where a stream is full, closed or without a reader.
enum StandardStream: Int32 {
  /// Results: stdout.
  case output = 1
  /// Progress, remarks and errors: stderr.
  case error = 2

  /// True where the stream ends at a terminal.
  var isTerminal: Bool { isatty(rawValue) == 1 }

  /// Makes a failing write an error of `write` instead of the end of the process.
  ///
  /// Must be called once, before any file is opened: a file opened while stdout is closed would take its descriptor, and
  /// results would be written into that file.
  static func prepare() {
    // With these ignored, write(2) fails with EPIPE where the reader has gone, and EFBIG where a file may not grow.
    for number in [SIGPIPE, SIGXFSZ] { signal(number, SIG_IGN) }
    // Closed descriptors are filled the wrong way round: stdin and stdout then fail with EBADF, as closed ones do. Text
    // to stderr may be lost.
    for (descriptor, mode) in [(STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_WRONLY)]
    where fcntl(descriptor, F_GETFD) == -1 { _ = open("/dev/null", mode) }
  }

  /// Writes all of `text`; waits for a slow reader.
  func write(_ text: String) throws(UnwritableStream) {
    var text = text
    let code = text.withUTF8 { write(UnsafeRawBufferPointer($0)) }
    guard code == 0 else { throw UnwritableStream(stream: self, code: code) }
  }

  /// Writes all of `bytes`. Returns 0, or the `errno` of the failure.
  private func write(_ bytes: UnsafeRawBufferPointer) -> Int32 {
    var position = 0
    while position < bytes.count {
      let rest = UnsafeRawBufferPointer(rebasing: bytes[position...])
      let written = Glibc.write(rawValue, rest.baseAddress, rest.count)
      if written >= 0 {
        position += written
        continue
      }
      switch errno {
      case EINTR: continue
      case EAGAIN:
        // Another process set the pipe to non-blocking; the reader is only slow.
        var wanted = pollfd(fd: rawValue, events: Int16(POLLOUT), revents: 0)
        poll(&wanted, 1, -1)
      case let code: return code
      }
    }
    return 0
  }
}

/// A standard stream that could not be written.
struct UnwritableStream: Error, CustomStringConvertible {
  let stream: StandardStream
  /// The `errno` of the failed write.
  let code: Int32

  /// True where the reader has gone, as at the end of `accrete … | head`: no fault.
  var isUnread: Bool { code == EPIPE || code == ECONNRESET }

  var description: String {
    "writing the result to \(stream == .output ? "stdout" : "stderr") failed: \(String(cString: strerror(code))); "
      + "give it a file or pipe that can be written"
  }
}
