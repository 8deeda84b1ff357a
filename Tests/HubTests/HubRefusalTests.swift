import Foundation
import TestSupport
import Testing
import Trainer

import Hub

@Suite("Refusals of a hub")
struct HubRefusalTests {
  private static let repository = LoopbackHub.Repository(["config.json": Data("{}\n".utf8)])

  /// A refusal: status, the hub's header, what was given, then exit code and words of the error.
  struct Refusal: Sendable {
    var status: Int
    var code: String?
    var token: String?
    var exit: Int32
    var words: [String]
  }

  static let refusals = [
    Refusal(status: 401, code: "GatedRepo", exit: 74, words: ["gated", "accept its terms", "HF_TOKEN"]),
    Refusal(status: 403, code: "GatedRepo", token: "t", exit: 74, words: ["gated", "accept its terms"]),
    Refusal(status: 401, code: "RepoNotFound", exit: 66, words: ["no model org/small", "private"]),
    Refusal(status: 401, token: "t", exit: 74, words: ["refuses the token"]),
    Refusal(status: 403, exit: 74, words: ["refuses access"]),
    Refusal(status: 404, code: "RepoNotFound", exit: 66, words: ["no model org/small"]),
    Refusal(status: 404, code: "RevisionNotFound", exit: 66, words: ["no revision main"]),
    Refusal(status: 418, exit: 74, words: ["HTTP 418"]),
  ]

  @Test("a status is an error with what to do, asked once", arguments: refusals)
  func status(_ refusal: Refusal) throws {
    let hub = try LoopbackHub(models: ["org/small": Self.repository])
    hub.fail(
      "/api/models", .init(status: refusal.status, headers: refusal.code.map { ["X-Error-Code": $0] } ?? [:]))
    let error = try #require(
      try HubFixture().failure(HubFixture.model(), from: hub, token: refusal.token, waits: [0, 0]))
    #expect(error.exitCode == refusal.exit, "\(error)")
    for words in refusal.words { #expect("\(error)".contains(words), "\(error)") }
    #expect(hub.server.requests.filter { $0.target.hasPrefix("/api/models") }.count == 1)
  }

  @Test("a name of the other kind is told so")
  func otherKind() throws {
    let hub = try LoopbackHub(models: ["org/model": Self.repository], datasets: ["org/data": Self.repository])
    let error = try #require(try HubFixture().failure(HubFixture.model("org/data"), from: hub))
    #expect(error.exitCode == 66 && "\(error)".contains("is a dataset") && "\(error)".contains("--dataset"), "\(error)")
    let name = try #require(HubName("org/model", of: .dataset))
    let other = try #require(try HubFixture().failure(name, from: hub))
    #expect("\(other)".contains("is a model of the hub"), "\(other)")
    let fixture = HubFixture()
    let outcome = try fixture.download(#require(HubName("org/data", of: .dataset)), from: hub)
    #expect(outcome.snapshot.path.contains("/datasets--org--data/snapshots/"))
  }

  @Test("what may pass is tried again after a wait, as long as the server asks", arguments: [429, 500, 503])
  func passing(_ status: Int) throws {
    let hub = try LoopbackHub(models: ["org/small": Self.repository])
    hub.fail("/api/models", .init(status: status, headers: ["Retry-After": "0.3"]), .init(status: status))
    let fixture = HubFixture()
    let start = Date()
    try fixture.download(HubFixture.model(), from: hub, waits: [0, 0])
    #expect(Date().timeIntervalSince(start) >= 0.3)
    #expect(fixture.notes.filter { $0.contains("HTTP \(status); again in") }.count == 2, "\(fixture.notes)")
    hub.fail("/api/models", .init(status: status), .init(status: status))
    let error = try #require(try HubFixture().failure(HubFixture.model(), from: hub, waits: [0]))
    #expect(error.exitCode == 74 && error.problem.contains("HTTP \(status)"), "\(error)")
  }

  @Test("without a network the first request says so, and waits for nothing")
  func noNetwork() throws {
    let note = { (_: String) in }
    // Port 1 of the loopback interface has no server.
    let client = try HubClient(HubSettings(endpoint: "http://127.0.0.1:1"), waits: [60], note: note)
    let name = try HubFixture.model()
    let error = #expect(throws: HubError.self) { try client.listing(of: name) }
    #expect(error?.exitCode == 74 && error?.problem.contains("127.0.0.1") == true, "\(String(describing: error))")
  }

  @Test(
    "hostile names and hashes of a listing leave the disk alone", arguments: ["../../x", "/tmp/x", "a\\u0000b", "a//b"])
  func hostile(_ path: String) throws {
    let hub = try LoopbackHub(models: ["org/small": Self.repository]) {
      $0.replacing(#""rfilename": "config.json""#, with: #""rfilename": "\#(path)""#)
    }
    let (fixture, name) = (HubFixture(), try HubFixture.model())
    let error = try #require(try fixture.failure(name, from: hub))
    #expect(error.exitCode == 65, "\(error)")
    #expect(!FileManager.default.fileExists(atPath: fixture.cache.folder.path))
  }

  @Test(
    "an answer that is no listing is refused",
    arguments: ["", "{}", "[1]", #"{"sha": "../..", "siblings": []}"#, "<html>"])
  func noListing(_ text: String) throws {
    let hub = try LoopbackHub(models: ["org/small": Self.repository]) { _ in text }
    let error = try #require(try HubFixture().failure(HubFixture.model(), from: hub))
    #expect(error.exitCode == 65, "\(error)")
  }
}
