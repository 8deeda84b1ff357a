import Crypto
import Foundation
import Synchronization

/// A hub on the loopback interface, which answers as huggingface.co does: a listing with hashes, small files itself, large
/// ones by a redirect to another server.
package final class LoopbackHub: Sendable {
  /// A repository of one commit, the head of `main`.
  package struct Repository: Sendable {
    package let files: [String: Data]
    package var commit = String(repeating: "c0ffee12", count: 5)

    package init(_ files: [String: Data]) { self.files = files }

    /// The files of a folder.
    package init(folder: URL) throws {
      var files: [String: Data] = [:]
      for path in try FileManager.default.subpathsOfDirectory(atPath: folder.path) {
        files[path] = try? Data(contentsOf: folder.appending(path: path))
      }
      self.files = files
    }
  }

  /// The server that is asked first.
  package let server: LoopbackServer
  /// The server of large files.
  package let store: LoopbackServer
  private let faults: Faults

  /// Answers that take the place of the usual ones, the first for the first request whose path holds the text.
  private final class Faults: Sendable {
    let list = Mutex<[(text: String, answer: LoopbackServer.Answer)]>([])

    func take(_ target: String) -> LoopbackServer.Answer? {
      list.withLock { list in list.firstIndex { target.contains($0.text) }.map { list.remove(at: $0).answer } }
    }
  }

  /// - Parameters:
  ///   - models: repositories by ORG/NAME.
  ///   - edit: changes the listing's JSON text before it is sent.
  package init(
    models: [String: Repository] = [:], datasets: [String: Repository] = [:],
    edit: @escaping @Sendable (String) -> String = { $0 }
  ) throws {
    let faults = Faults()
    self.faults = faults
    let contents = (Array(models.values) + Array(datasets.values)).flatMap(\.files.values)
    let byHash = Dictionary(contents.map { (Self.sha256($0), $0) }) { first, _ in first }
    store = try LoopbackServer { request in
      if let fault = faults.take("store" + request.target) { return fault }
      guard let content = byHash[String(request.target.dropFirst())] else { return LoopbackServer.Answer(status: 404) }
      return Self.part(of: content, request)
    }
    let address = store.address
    server = try LoopbackServer { request in
      if let fault = faults.take(request.target) { return fault }
      let target = request.target.split(separator: "?")[0]
      for (prefix, api, repositories) in [("/", "/api/models/", models), ("/datasets/", "/api/datasets/", datasets)] {
        for (name, repository) in repositories {
          if target == "\(api)\(name)/revision/main" || target == "\(api)\(name)/revision/\(repository.commit)" {
            let body = edit(Self.listing(of: repository, name))
            return LoopbackServer.Answer(headers: ["Content-Type": "application/json"], body: Data(body.utf8))
          }
          let start = "\(prefix)\(name)/resolve/\(repository.commit)/"
          guard target.hasPrefix(start), let path = target.dropFirst(start.count).removingPercentEncoding,
            let content = repository.files[path]
          else { continue }
          guard Self.isLarge(path) else {
            var answer = Self.part(of: content, request)
            answer.headers["ETag"] = "\"\(Self.blob(content))\""
            answer.headers["X-Repo-Commit"] = repository.commit
            return answer
          }
          let hash = Self.sha256(content)
          return LoopbackServer.Answer(
            status: 302,
            headers: [
              "Location": "\(address)/\(hash)", "X-Repo-Commit": repository.commit, "X-Linked-Etag": "\"\(hash)\"",
              "X-Linked-Size": "\(content.count)",
            ])
        }
      }
      return LoopbackServer.Answer(status: 404, headers: ["X-Error-Code": "RepoNotFound"])
    }
  }

  /// Answers otherwise to the next requests whose path holds `text`, once for each answer. The paths of the store begin
  /// with `store/`.
  package func fail(_ text: String, _ answers: LoopbackServer.Answer...) {
    faults.list.withLock { $0 += answers.map { (text, $0) } }
  }

  /// Hash of git's blob.
  package static func blob(_ content: Data) -> String {
    digits(Insecure.SHA1.hash(data: Data("blob \(content.count)\0".utf8) + content))
  }

  /// SHA-256 in hexadecimal digits.
  package static func sha256(_ content: Data) -> String { digits(SHA256.hash(data: content)) }

  private static func digits(_ digest: some Sequence<UInt8>) -> String {
    digest.map { String(0x100 + Int($0), radix: 16).suffix(2) }.joined()
  }

  private static func isLarge(_ path: String) -> Bool {
    [".safetensors", ".gguf", ".parquet", ".bin"].contains { path.hasSuffix($0) }
  }

  private static func part(of content: Data, _ request: LoopbackServer.Request) -> LoopbackServer.Answer {
    guard let range = request.headers["range"], let start = Int(range.dropFirst(6).dropLast()) else {
      return LoopbackServer.Answer(body: content)
    }
    return LoopbackServer.Answer(
      status: 206, headers: ["Content-Range": "bytes \(start)-\(content.count - 1)/\(content.count)"],
      body: Data(content.dropFirst(start)))
  }

  private static func listing(of repository: Repository, _ name: String) -> String {
    let files = repository.files.sorted { $0.key < $1.key }.map { path, content in
      let large =
        isLarge(path)
        ? #", "lfs": {"sha256": "\#(sha256(content))", "size": \#(content.count), "pointerSize": 134}"# : ""
      return #"{"rfilename": "\#(path)", "size": \#(content.count), "blobId": "\#(blob(content))"\#(large)}"#
    }
    return #"{"id": "\#(name)", "sha": "\#(repository.commit)", "siblings": [\#(files.joined(separator: ", "))]}"#
  }
}
