import CCurl
import Foundation
import Trainer

/// Status and headers of an answer.
struct WebAnswer {
  private(set) var status = 0
  private var headers: [String: String] = [:]

  /// The value of a header, by its name in lower case; of several the last.
  subscript(name: String) -> String? { headers[name] }

  /// Takes a line of an answer's head. A status line begins another answer: a proxy's comes before the server's.
  fileprivate mutating func take(_ line: Substring) {
    if line.hasPrefix("HTTP/") {
      headers = [:]
      status = line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    } else if let colon = line.firstIndex(of: ":") {
      headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
    }
  }
}

/// A connection that asks one request after the other; the bytes of an answer are handed on as they come.
///
/// Redirects are not followed: who asks decides what the next address may know.
final class WebConnection {
  private let library: CurlLibrary
  private let handle: UnsafeMutableRawPointer

  /// Seconds in which a connection must stand, and without a byte after which an answer counts as cut.
  private static let (connectSeconds, silentSeconds) = (20, 60)

  init() throws(HubError) {
    guard let library = CurlLibrary.shared, let handle = accrete_curl_easy_init(library.easyInit) else {
      throw HubError(
        74, "the system has no libcurl.so.4, by which files are fetched",
        "install it: apt-get install libcurl4, or what holds it elsewhere")
    }
    (self.library, self.handle) = (library, handle)
  }

  deinit { accrete_curl_easy_cleanup(library.cleanup, handle) }

  /// Asks for `url` and waits for the end of the answer.
  ///
  /// - Parameters:
  ///   - headers: lines of the request's head, such as `Range: bytes=10-`.
  ///   - begin: takes the answer's head, before its first byte; returns true where the body is wanted.
  ///   - body: takes bytes that are valid during the call alone; an error ends the request.
  /// - Throws: `.passing` where the connection failed in a way that may pass; `.lasting` for what `begin` and `body`
  ///   throw, for a signal, and where the connection can never be made.
  func get(
    _ url: String, headers: [String], begin: @escaping (WebAnswer) throws(HubError) -> Bool,
    body: @escaping (UnsafeRawBufferPointer) throws(HubError) -> Void
  ) throws(RequestFault) -> WebAnswer {
    let transfer = Transfer(begin: begin, body: body)
    let code = perform(url, headers, transfer)
    if let error = transfer.error { throw .lasting(error) }
    if let signal = Interruption.signal { throw .lasting(.stopped(signal)) }
    guard code == 0 else { throw fault(code, url) }
    do throws(HubError) { try transfer.start() } catch { throw .lasting(error) }
    return transfer.answer
  }

  private func perform(_ url: String, _ headers: [String], _ transfer: Transfer) -> Int32 {
    accrete_curl_easy_reset(library.reset, handle)
    var list: UnsafeMutableRawPointer?
    for header in headers { list = accrete_curl_slist_append(library.append, list, header) }
    defer { accrete_curl_slist_free_all(library.free, list) }
    set(ACCRETE_CURLOPT_URL, url)
    set(ACCRETE_CURLOPT_USERAGENT, "accrete")
    set(ACCRETE_CURLOPT_PROTOCOLS, ACCRETE_CURLPROTO_HTTP | ACCRETE_CURLPROTO_HTTPS)
    set(ACCRETE_CURLOPT_NOSIGNAL, 1)
    set(ACCRETE_CURLOPT_CONNECTTIMEOUT, Self.connectSeconds)
    set(ACCRETE_CURLOPT_LOW_SPEED_LIMIT, 1)
    set(ACCRETE_CURLOPT_LOW_SPEED_TIME, Self.silentSeconds)
    set(ACCRETE_CURLOPT_BUFFERSIZE, 1 << 18)
    set(ACCRETE_CURLOPT_NOPROGRESS, 0)
    set(ACCRETE_CURLOPT_HTTPHEADER, list)
    let context = Unmanaged.passUnretained(transfer).toOpaque()
    set(ACCRETE_CURLOPT_HEADERDATA, context)
    set(ACCRETE_CURLOPT_WRITEDATA, context)
    _ = accrete_curl_set_sink(library.setOption, handle, Int32(ACCRETE_CURLOPT_HEADERFUNCTION)) {
      Transfer.receive($0, $1 * $2, $3) { transfer, bytes in transfer.takeHead(bytes) }
    }
    _ = accrete_curl_set_sink(library.setOption, handle, Int32(ACCRETE_CURLOPT_WRITEFUNCTION)) {
      Transfer.receive($0, $1 * $2, $3) { transfer, bytes in try transfer.takeBody(bytes) }
    }
    _ = accrete_curl_set_progress(library.setOption, handle) { _, _, _, _, _ in Interruption.signal == nil ? 0 : 1 }
    return withExtendedLifetime(transfer) { accrete_curl_easy_perform(library.perform, handle) }
  }

  private func set(_ option: Int, _ value: Int) {
    _ = accrete_curl_set_long(library.setOption, handle, Int32(option), value)
  }

  private func set(_ option: Int, _ value: UnsafeRawPointer?) {
    _ = accrete_curl_set_pointer(library.setOption, handle, Int32(option), value)
  }

  /// The fault that libcurl's code stands for. Certificates and addresses do not mend themselves.
  private func fault(_ code: Int32, _ url: String) -> RequestFault {
    let text = String(cString: accrete_curl_easy_strerror(library.errorText, code))
    let host = URL(string: url)?.host ?? url
    let error = HubError(
      74, "fetching from \(host) failed: \(text)", "check the network (and HTTPS_PROXY, HF_ENDPOINT), then run again")
    let lasting: Set<Int32> = [1, 2, 3, 4, 27, 35, 58, 59, 60, 77, 83, 90, 91]
    return lasting.contains(code) ? .lasting(error) : .passing(error, wait: nil)
  }
}

/// An answer that is coming in.
private final class Transfer {
  var answer = WebAnswer()
  /// What the receiver threw.
  var error: HubError?
  private var isWanted: Bool?
  private let begin: (WebAnswer) throws(HubError) -> Bool
  private let body: (UnsafeRawBufferPointer) throws(HubError) -> Void

  init(
    begin: @escaping (WebAnswer) throws(HubError) -> Bool,
    body: @escaping (UnsafeRawBufferPointer) throws(HubError) -> Void
  ) {
    (self.begin, self.body) = (begin, body)
  }

  /// Hands on bytes that libcurl received; returns their number, or 0 to end the transfer.
  static func receive(
    _ bytes: UnsafeMutablePointer<CChar>?, _ count: Int, _ context: UnsafeMutableRawPointer?,
    _ take: (Transfer, UnsafeRawBufferPointer) throws -> Void
  ) -> Int {
    guard let context else { return 0 }
    let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
    do {
      try take(transfer, UnsafeRawBufferPointer(start: bytes, count: count))
      return count
    } catch {
      transfer.error = error as? HubError
      return 0
    }
  }

  func takeHead(_ bytes: UnsafeRawBufferPointer) {
    answer.take(Substring(String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .newlines)))
  }

  func takeBody(_ bytes: UnsafeRawBufferPointer) throws(HubError) {
    try start()
    if isWanted == true { try body(bytes) }
  }

  /// Shows the head to the receiver, once.
  func start() throws(HubError) {
    if isWanted == nil { isWanted = try begin(answer) }
  }
}
