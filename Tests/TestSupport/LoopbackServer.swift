import Foundation
import Synchronization

/// A server of HTTP/1.1 on the loopback interface, for tests alone: a thread a connection, one answer a request.
package final class LoopbackServer: Sendable {
  /// A request as it came.
  package struct Request: Sendable {
    package let method: String
    /// Path and query, as they were sent.
    package let target: String
    /// Headers by their names in lower case.
    package let headers: [String: String]
  }

  /// An answer.
  package struct Answer: Sendable {
    package var status = 200
    package var headers: [String: String] = [:]
    package var body = Data()
    /// Bytes of the body after which the connection is cut; nil: none.
    package var cut: Int?

    package init(status: Int = 200, headers: [String: String] = [:], body: Data = Data(), cut: Int? = nil) {
      (self.status, self.headers, self.body, self.cut) = (status, headers, body, cut)
    }
  }

  private final class State: Sendable {
    let requests = Mutex<[Request]>([])
    let answer: @Sendable (Request) -> Answer

    init(_ answer: @escaping @Sendable (Request) -> Answer) { self.answer = answer }
  }

  /// Failure to open a port.
  package struct NoPort: Error {}

  /// Address without a slash at its end.
  package let address: String
  private let state: State
  private let listener: Int32

  /// Opens a free port and answers until the server is released.
  package init(_ answer: @escaping @Sendable (Request) -> Answer) throws {
    state = State(answer)
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var place = sockaddr_in()
    place.sin_family = sa_family_t(AF_INET)
    place.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let descriptor = listener
    let isOpen = withUnsafeMutablePointer(to: &place) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) == 0 && listen(descriptor, 16) == 0 && getsockname(descriptor, $0, &length) == 0
      }
    }
    guard isOpen else { throw NoPort() }
    address = "http://127.0.0.1:\(UInt16(bigEndian: place.sin_port))"
    let state = state
    Thread.detachNewThread {
      while true {
        let connection = accept(descriptor, nil, nil)
        guard connection >= 0 else { break }
        Thread.detachNewThread { Self.serve(connection, state) }
      }
      close(descriptor)
    }
  }

  // The thread that waits for connections wakes up and closes the descriptor.
  deinit { shutdown(listener, Int32(SHUT_RDWR)) }

  /// The requests so far.
  package var requests: [Request] { state.requests.withLock { $0 } }

  private static func serve(_ connection: Int32, _ state: State) {
    defer { close(connection) }
    while let request = read(connection) {
      state.requests.withLock { $0.append(request) }
      let answer = state.answer(request)
      var head = "HTTP/1.1 \(answer.status) Test\r\nContent-Length: \(answer.body.count)\r\n"
      for (name, value) in answer.headers { head += "\(name): \(value)\r\n" }
      let body = request.method == "HEAD" ? Data() : answer.body
      let sent = Data((head + "\r\n").utf8) + (answer.cut.map { body.prefix($0) } ?? body)
      guard send(sent, connection), answer.cut == nil else { return }
    }
  }

  private static func send(_ data: Data, _ connection: Int32) -> Bool {
    data.withUnsafeBytes { bytes in
      var position = 0
      while position < bytes.count {
        let count = Glibc.send(
          connection, bytes.baseAddress.map { $0 + position }, bytes.count - position, Int32(MSG_NOSIGNAL))
        guard count > 0 else { return false }
        position += count
      }
      return true
    }
  }

  /// The head of a request; requests of these tests have no body.
  private static func read(_ connection: Int32) -> Request? {
    var bytes: [UInt8] = []
    var byte: UInt8 = 0
    while !bytes.suffix(4).elementsEqual([13, 10, 13, 10]) {
      guard recv(connection, &byte, 1, 0) == 1, bytes.count < 1 << 16 else { return nil }
      bytes.append(byte)
    }
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\r\n").map(String.init)
    let words = (lines.first ?? "").split(separator: " ").map(String.init)
    guard words.count == 3 else { return nil }
    let headers = lines.dropFirst().compactMap { line -> (String, String)? in
      guard let colon = line.firstIndex(of: ":") else { return nil }
      return (line[..<colon].lowercased(), line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces))
    }
    return Request(method: words[0], target: words[1], headers: Dictionary(headers) { $1 })
  }
}
