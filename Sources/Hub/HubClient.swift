import Foundation
import Trainer

/// The hub's two answers that a download needs: the list of a repository's files, and the bytes of one.
///
/// The token goes to the hub's own address and to nothing else. Faults that may pass are waited for and tried again.
package final class HubClient {
  /// Seconds before each further try; a server's `Retry-After` lengthens a wait.
  package static let usualWaits: [Double] = [1, 2, 4, 8, 16, 32]
  private static let longestWait = 300.0
  /// Most bytes of a listing: one of 100,000 files has some 30 MB.
  private static let listingByteLimit = 256 << 20
  private static let redirectLimit = 10

  private let settings: HubSettings
  private let connection: WebConnection
  private let waits: [Double]
  private let note: (String) -> Void
  /// True once the hub has answered: before that a fault of the network is no accident that passes.
  private var hasAnswered = false

  /// - Parameter note: takes a line about each wait.
  package init(
    _ settings: HubSettings, waits: [Double] = usualWaits, note: @escaping (String) -> Void
  ) throws(HubError) {
    self.settings = settings
    self.waits = waits
    self.note = note
    connection = try WebConnection()
  }

  // MARK: - Questions

  /// The files of a revision.
  package func listing(of name: HubName) throws(HubError) -> HubListing {
    let url = address(of: name, revision: name.revision ?? "main")
    let answer = try persist { () throws(RequestFault) in try self.text(url, about: name) }
    do throws(FileError) { return try HubListing(answer, url: url) } catch { throw HubError(error) }
  }

  /// Hands the bytes of a file from `start` on to `writer`, which may be told to begin anew.
  func fetch(
    _ file: HubFile, at commit: String, of name: HubName, into writer: BlobWriter
  ) throws(RequestFault) {
    let start = writer.byteCount
    let path = file.path.split(separator: "/").map(Self.escaped).joined(separator: "/")
    let url = "\(settings.endpoint)/\(Self.folder(name))\(name.repository.name)/resolve/\(commit)/\(path)"
    _ = try request(url, about: name, range: start > 0 ? "bytes=\(start)-" : nil) { answer throws(HubError) in
      for (header, expected) in [("x-repo-commit", commit), ("x-linked-etag", file.hash)] {
        guard let found = answer[header]?.trimmingCharacters(in: ["\""]), found != expected else { continue }
        throw HubError(
          65, "\(file.path): the hub gives \(header) \(found) where its listing gave \(expected)",
          "run the command again")
      }
    } begin: { answer throws(HubError) in
      // A server that knows no ranges sends the whole.
      if answer.status == 200 { try writer.restart() }
      guard answer.status == 200 || answer["content-range"]?.hasPrefix("bytes \(start)-") ?? (start == 0) else {
        throw HubError(74, "\(file.path): the answer is not the part from byte \(start) on", Self.checkEndpoint)
      }
    } body: { bytes throws(HubError) in
      try writer.append(bytes)
    }
    guard writer.byteCount == file.byteCount else {
      throw .passing(
        HubError(74, "\(file.path): the answer ended after \(writer.byteCount) of \(file.byteCount) bytes", Self.again),
        wait: nil)
    }
  }

  /// Does `attempt` until it succeeds, while its faults may pass; after progress the tries are counted anew.
  func persist<Value>(
    progress: () -> Int = { 0 }, _ attempt: () throws(RequestFault) -> Value
  ) throws(HubError) -> Value {
    var (left, reached) = (waits[...], progress())
    while true {
      do throws(RequestFault) {
        return try attempt()
      } catch {
        switch error {
        case .lasting(let problem): throw problem
        case .passing(let problem, let asked):
          if progress() > reached { (left, reached) = (waits[...], progress()) }
          guard let next = left.popFirst(), hasAnswered else { throw problem }
          let seconds = min(max(next, asked ?? 0), Self.longestWait)
          note("\(problem.problem); again in \(Int(seconds.rounded(.up))) s")
          try Pause.wait(seconds)
        }
      }
    }
  }

  private static let again = "run the command again: what was fetched is kept"

  // MARK: - Requests

  /// The whole body of an answer.
  private func text(_ url: String, about name: HubName) throws(RequestFault) -> Data {
    var data = Data()
    _ = try request(url, about: name, range: nil) { _ in
    } begin: { _ in
    } body: { bytes throws(HubError) in
      guard data.count + bytes.count <= Self.listingByteLimit else {
        throw HubError(65, "\(url): the answer has more than \(Self.listingByteLimit) bytes", "check HF_ENDPOINT")
      }
      data.append(contentsOf: bytes)
    }
    return data
  }

  /// Asks for `url`, and where a redirect leads from there.
  ///
  /// - Parameters:
  ///   - ownHead: takes the head of each answer that the hub itself gives.
  ///   - begin: takes the head of the answer whose body follows, of status 200 or 206.
  private func request(
    _ url: String, about name: HubName, range: String?, ownHead: (WebAnswer) throws(HubError) -> Void,
    begin: @escaping (WebAnswer) throws(HubError) -> Void,
    body: @escaping (UnsafeRawBufferPointer) throws(HubError) -> Void
  ) throws(RequestFault) -> WebAnswer {
    var url = url
    for _ in 0..<Self.redirectLimit {
      // Compared as text, so that no two readers of an address can take it for different hosts.
      let isOwn = url.hasPrefix(settings.endpoint + "/")
      let token = isOwn ? settings.token.map { ["Authorization: Bearer \($0)"] } ?? [] : []
      let answer = try connection.get(url, headers: token + (range.map { ["Range: \($0)"] } ?? [])) {
        answer throws(HubError) in
        guard answer.status == 200 || answer.status == 206 else { return false }
        try begin(answer)
        return true
      } body: { bytes throws(HubError) in
        try body(bytes)
      }
      hasAnswered = true
      if isOwn, answer.status < 400 {
        do throws(HubError) { try ownHead(answer) } catch { throw .lasting(error) }
      }
      if answer.status == 200 || answer.status == 206 { return answer }
      guard [301, 302, 303, 307, 308].contains(answer.status), let location = answer["location"] else {
        throw fault(of: answer, url: url, about: name)
      }
      url = try Self.target(of: location, from: url)
    }
    throw .lasting(
      HubError(74, "\(name.repository.name): more than \(Self.redirectLimit) redirects", Self.checkEndpoint))
  }

  private static let checkEndpoint = "check HF_ENDPOINT"

  /// Address that a redirect leads to.
  private static func target(of location: String, from url: String) throws(RequestFault) -> String {
    guard let target = URL(string: location, relativeTo: URL(string: url))?.absoluteURL, target.user == nil,
      let scheme = target.scheme, ["http", "https"].contains(scheme), !(url.hasPrefix("https:") && scheme == "http")
    else {
      throw .lasting(
        HubError(74, "\(url) leads to '\(location)', which is no safe address to follow", checkEndpoint))
    }
    return target.absoluteString
  }

  // MARK: - Addresses

  private static func folder(_ name: HubName) -> String { name.repository.kind == .dataset ? "datasets/" : "" }

  private static func escaped(_ part: some StringProtocol) -> String {
    let kept = CharacterSet(charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
    return part.addingPercentEncoding(withAllowedCharacters: kept) ?? ""
  }

  private func address(of name: HubName, revision: String) -> String {
    "\(settings.endpoint)/api/\(name.repository.kind.rawValue)/\(name.repository.name)/revision/"
      + "\(Self.escaped(revision))?blobs=true"
  }

  // MARK: - Refusals

  /// The fault that an answer's status stands for, in the words of what the user can do.
  ///
  /// The hub says 401 for what it will not admit to exist, and names the reason in a header.
  private func fault(of answer: WebAnswer, url: String, about name: HubName) -> RequestFault {
    let (repository, status) = (name.repository.name, answer.status)
    let kind = name.repository.kind == .model ? "model" : "dataset"
    let page = "\(settings.endpoint)/\(Self.folder(name))\(repository)"
    switch (status, answer["x-error-code"] ?? "") {
    case (_, "GatedRepo"):
      return .lasting(
        HubError(
          74, "the \(kind) \(repository) is gated (HTTP \(status))",
          "accept its terms at \(page), then give a token of that account: set HF_TOKEN, or hf auth login"))
    case (_, "RevisionNotFound"):
      return .lasting(
        HubError(66, "\(repository) has no revision \(name.revision ?? "main")", "see its branches and tags at \(page)")
      )
    case (_, "EntryNotFound"):
      return .lasting(HubError(66, "\(url): the hub has no such file", "run the command again"))
    case (401, _) where settings.token != nil, (403, _):
      return .lasting(
        HubError(
          74, "\(repository): the hub refuses \(settings.token == nil ? "access" : "the token") (HTTP \(status))",
          "look at \(page), and give a token that may read it: set HF_TOKEN, or hf auth login"))
    case (401, _), (404, _):
      return .lasting(
        HubError(
          66, "the hub has no \(kind) \(repository), or it is private (HTTP \(status))",
          "check the name at \(page); a private one needs a token: set HF_TOKEN, or hf auth login"))
    case (408, _), (429, _), (500..., _):
      let error = HubError(74, "\(repository): the hub answers HTTP \(status)", Self.again)
      return .passing(error, wait: answer["retry-after"].flatMap { Double($0) })
    default:
      return .lasting(HubError(74, "\(url): the answer is HTTP \(status)", Self.checkEndpoint))
    }
  }

  /// True where the hub has a repository of the other kind under the same name.
  package func existsAsOtherKind(_ name: HubName) -> Bool {
    guard let other = HubRepository(name.repository.kind == .model ? .dataset : .model, name.repository.name) else {
      return false
    }
    let named = HubName(other, revision: name.revision)
    return (try? text(address(of: named, revision: name.revision ?? "main"), about: named)) != nil
  }
}

/// Waits that a signal ends.
enum Pause {
  /// Waits for some seconds.
  static func wait(_ seconds: Double) throws(HubError) {
    let end = ProcessInfo.processInfo.systemUptime + seconds
    while ProcessInfo.processInfo.systemUptime < end {
      if let signal = Interruption.signal { throw .stopped(signal) }
      usleep(useconds_t(min(max(end - ProcessInfo.processInfo.systemUptime, 0), 0.1) * 1e6))
    }
  }
}
