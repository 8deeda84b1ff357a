import Foundation
import TestSupport
import Testing
import Trainer

import Hub

@Suite("Downloads from a hub")
struct HubDownloadTests {
  private static let weights = Data((0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 / 256) })
  private static let repository = LoopbackHub.Repository([
    "config.json": Data("{}\n".utf8), "model.safetensors": weights, "pytorch_model.bin": Data("pickle".utf8),
  ])
  private static let blob = "blobs/" + LoopbackHub.sha256(weights)

  private func ranges(_ server: LoopbackServer) -> [String?] { server.requests.map { $0.headers["range"] } }

  @Test("the cache is laid out as huggingface_hub lays it out, and a second download fetches nothing")
  func layout() throws {
    let folder = TestData.golden("hub/repository")
    let hub = try LoopbackHub(models: ["org/small": .init(folder: folder)])
    let (fixture, name) = (HubFixture(), try HubFixture.model())
    let outcome = try fixture.download(name, from: hub)
    #expect(outcome.fileCount == 4 && outcome.fetchedByteCount == outcome.byteCount)
    let golden = try String(contentsOf: TestData.golden("hub/layout.txt"), encoding: .utf8)
    #expect(try Set(fixture.layout(of: name)) == Set(golden.split(separator: "\n").map(String.init)))
    #expect(try fixture.cache.snapshot(of: name) == outcome.snapshot)
    let asked = hub.server.requests.count
    let again = try fixture.download(name, from: hub)
    #expect(again.fetchedByteCount == 0 && again.snapshot == outcome.snapshot)
    #expect(hub.server.requests.count == asked + 1 && hub.store.requests.count == 1)
  }

  @Test("an answer that is cut is gone on with from its last byte")
  func cut() throws {
    let hub = try LoopbackHub(models: ["org/small": Self.repository])
    hub.fail("store/", .init(body: Self.weights, cut: 100_000))
    let (fixture, name) = (HubFixture(), try HubFixture.model())
    try fixture.download(name, from: hub, waits: [0])
    #expect(ranges(hub.store) == [nil, "bytes=100000-"])
    #expect(fixture.content(Self.blob, of: name) == Self.weights)
    #expect(fixture.notes.contains { $0.contains("again in 0 s") }, "\(fixture.notes)")
  }

  @Test("a later download goes on with what an earlier one left, which no name leads to yet")
  func resumed() throws {
    let hub = try LoopbackHub(models: ["org/small": Self.repository])
    hub.fail("store/", .init(body: Self.weights, cut: 100_000))
    let (fixture, name) = (HubFixture(), try HubFixture.model())
    #expect(try fixture.failure(name, from: hub)?.exitCode == 74)
    #expect(fixture.content(Self.blob + ".incomplete", of: name) == Self.weights.prefix(100_000))
    #expect(throws: FileError.self) { try fixture.cache.snapshot(of: name) }
    let outcome = try fixture.download(name, from: hub)
    #expect(ranges(hub.store) == [nil, "bytes=100000-"])
    #expect(outcome.fetchedByteCount == Self.weights.count - 100_000)
    #expect(fixture.content("snapshots/\(outcome.commit)/model.safetensors", of: name) == Self.weights)
  }

  @Test("a server without ranges sends the whole, and bytes of another file are fetched anew")
  func begunAnew() throws {
    let hub = try LoopbackHub(models: ["org/small": Self.repository])
    hub.fail("store/", .init(body: Self.weights, cut: 100_000), .init(body: Self.weights))
    let (fixture, name) = (HubFixture(), try HubFixture.model())
    try fixture.download(name, from: hub, waits: [0])
    #expect(fixture.content(Self.blob, of: name) == Self.weights)

    let other = HubFixture()
    let place = other.cache.folder(of: name.repository).appending(path: Self.blob + ".incomplete")
    try FileManager.default.createDirectory(at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(repeating: 1, count: 5000).write(to: place)
    try other.download(name, from: hub)
    #expect(other.content(Self.blob, of: name) == Self.weights)
    #expect(other.notes.contains { $0.contains("fetching it anew") }, "\(other.notes)")
  }

  @Test("a content of another hash is refused and not kept", arguments: ["store/", "config.json"])
  func wrongHash(_ place: String) throws {
    let hub = try LoopbackHub(models: ["org/small": Self.repository])
    let size = place == "store/" ? Self.weights.count : 3
    hub.fail(place, .init(body: Data(repeating: 65, count: size)))
    let (fixture, name) = (HubFixture(), try HubFixture.model())
    let error = try #require(try fixture.failure(name, from: hub))
    #expect(error.exitCode == 65 && error.problem.contains("hash"), "\(error)")
    #expect(try fixture.layout(of: name).allSatisfy { !$0.contains("model.safetensors ->") })
    try fixture.download(name, from: hub)
    #expect(fixture.content(Self.blob, of: name) == Self.weights)
  }

  @Test("more bytes than the listing says are refused")
  func tooMany() throws {
    let hub = try LoopbackHub(models: ["org/small": Self.repository])
    hub.fail("config.json", .init(body: Data(repeating: 65, count: 4)))
    let error = try #require(try HubFixture().failure(HubFixture.model(), from: hub))
    #expect(error.exitCode == 65 && error.problem.contains("more bytes"), "\(error)")
  }

  @Test("the token goes to the hub and to no other address")
  func token() throws {
    let hub = try LoopbackHub(models: ["org/small": Self.repository])
    try HubFixture().download(HubFixture.model(), from: hub, token: "hf_secret")
    #expect(hub.server.requests.count == 3 && hub.store.requests.count == 1)
    #expect(hub.server.requests.allSatisfy { $0.headers["authorization"] == "Bearer hf_secret" })
    #expect(hub.store.requests.allSatisfy { $0.headers["authorization"] == nil })
    // An address that only begins like the hub's is another one.
    let endpoint = hub.server.address
    for location in [endpoint.replacing("127.0.0.1", with: "localhost") + "/x", "http://127.0.0.1@localhost/x"] {
      hub.fail("/api/models", .init(status: 302, headers: ["Location": location]))
      _ = try HubFixture().failure(HubFixture.model(), from: hub, token: "hf_secret")
    }
    #expect(hub.server.requests.filter { $0.target == "/x" }.allSatisfy { $0.headers["authorization"] == nil })
    #expect(hub.server.requests.contains { $0.target == "/x" })
  }

  @Test("a redirect to a file, or without end, is refused", arguments: ["file:///etc/passwd", "/api/models/x"])
  func redirects(_ location: String) throws {
    let hub = try LoopbackHub(models: ["org/small": Self.repository])
    let answer = LoopbackServer.Answer(status: 302, headers: ["Location": location])
    for _ in 0..<20 { hub.fail("/api/models", answer) }
    let error = try #require(try HubFixture().failure(HubFixture.model(), from: hub))
    #expect(
      error.exitCode == 74 && error.problem.contains(location.hasPrefix("file") ? "no safe" : "redirects"), "\(error)")
  }

  @Test("a branch is noted, a commit needs no note, and a listing moves the branch on")
  func revisions() throws {
    let hub = try LoopbackHub(models: ["org/small": Self.repository])
    let (fixture, commit) = (HubFixture(), Self.repository.commit)
    let named = try HubFixture.model("org/small@" + commit)
    try fixture.download(named, from: hub)
    #expect(fixture.content("refs/main", of: named) == nil && fixture.content("refs/" + commit, of: named) == nil)
    #expect(try fixture.cache.snapshot(of: named).lastPathComponent == commit)
    let plain = try HubFixture.model()
    #expect(throws: FileError.self) { try fixture.cache.snapshot(of: plain) }
    try fixture.download(plain, from: hub)
    #expect(fixture.content("refs/main", of: plain) == Data(commit.utf8))
    var later = Self.repository
    later.commit = String(repeating: "beef", count: 10)
    let next = try LoopbackHub(models: ["org/small": later])
    let outcome = try fixture.download(plain, from: next)
    #expect(outcome.fetchedByteCount == 0 && outcome.commit == later.commit)
    #expect(try fixture.cache.snapshot(of: plain).lastPathComponent == later.commit)
  }

  @Test("the disk's room is asked before anything is fetched")
  func room() throws {
    let huge = #""size": 4000000000000000, "#
    let hub = try LoopbackHub(models: ["org/small": Self.repository]) {
      $0.replacing(#""size": 300000, "#, with: huge)
    }
    let error = try #require(try HubFixture().failure(HubFixture.model(), from: hub))
    #expect(error.exitCode == 74 && error.problem.contains("free"), "\(error)")
    #expect(hub.store.requests.isEmpty)
  }
}
