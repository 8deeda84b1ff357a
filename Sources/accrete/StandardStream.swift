import Foundation

/// The two streams by which everything leaves that the program says.
///
/// Bytes go out by write(2): Foundation's `FileHandle` ends the process by a trap where a stream is full, closed or
/// without a reader.
enum StandardStream: Int32 {
  /// Results: stdout.
  case output = 1
  /// Progress, remarks and errors: stderr.
  case error = 2

  /// Whether the stream ends at a terminal.
  var isTerminal: Bool { isatty(rawValue) == 1 }

  /// Makes a stream that cannot be written an error of `write`, in place of the end of the process.
  ///
  /// To be called once, before any file is opened: the first one would take a closed stream's number, and results and
  /// remarks would be written into it.
  static func prepare() {
    // Of a reader that went away, and of a file that may grow no more, write(2) then tells by EPIPE and EFBIG.
    for number in [SIGPIPE, SIGXFSZ] { signal(number, SIG_IGN) }
    // Opened the wrong way round, stdin and stdout answer as closed ones do, EBADF; what goes to stderr may get lost.
    for (descriptor, mode) in [(STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_WRONLY)]
    where fcntl(descriptor, F_GETFD) == -1 { _ = open("/dev/null", mode) }
  }

  /// Writes all of `text`, and waits for a reader that is slow.
  func write(_ text: String) throws(UnwritableStream) {
    var text = text
    let code = text.withUTF8 { write(UnsafeRawBufferPointer($0)) }
    guard code == 0 else { throw UnwritableStream(stream: self, code: code) }
  }

  /// The value of `errno` that ended the writing; 0 where all of `bytes` is written.
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
        // A pipe that another process set to not wait: its reader is only slow.
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
  /// The value of `errno`.
  let code: Int32

  /// Whether nobody reads any more: no fault, such as the end of `accrete … | head`.
  var isUnread: Bool { code == EPIPE || code == ECONNRESET }

  var description: String {
    "writing the result to \(stream == .output ? "stdout" : "stderr") failed: \(String(cString: strerror(code))); "
      + "give it a file or pipe that can be written"
  }
}
