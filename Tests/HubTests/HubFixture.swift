import Foundation
import TestSupport
import Trainer

import Hub

/// A cache in a folder of its own, and downloads into it; removed with the fixture.
final class HubFixture {
  let cache: HubCache
  private(set) var notes: [String] = []

  init() {
    let folder = FileManager.default.temporaryDirectory.appending(path: "hub-\(UUID().uuidString)")
    cache = HubCache(folder: folder.standardizedFileURL)
  }

  deinit { try? FileManager.default.removeItem(at: cache.folder) }

  /// The name of a model of the tests' hubs.
  static func model(_ text: String = "org/small") throws -> HubName {
    guard let name = HubName(text, of: .model) else { throw CocoaError(.featureUnsupported) }
    return name
  }

  /// Downloads from a hub.
  ///
  /// - Parameter waits: seconds before further tries.
  @discardableResult
  func download(
    _ name: HubName, from hub: LoopbackHub, token: String? = nil, include: [String] = [], exclude: [String] = [],
    waits: [Double] = []
  ) throws -> HubDownload.Outcome {
    let note = { (line: String) in self.notes.append(line) }
    let client = try HubClient(HubSettings(endpoint: hub.server.address, token: token), waits: waits, note: note)
    return try HubDownload(
      name, selection: FileSelection(include: include, exclude: exclude), cache: cache, client: client, note: note
    ) { _, _, _ in }.run()
  }

  /// The error that such a download ends in; nil: it succeeds.
  func failure(
    _ name: HubName, from hub: LoopbackHub, token: String? = nil, include: [String] = [], waits: [Double] = []
  ) throws -> HubError? {
    do {
      try download(name, from: hub, token: token, include: include, waits: waits)
      return nil
    } catch let error as HubError {
      return error
    }
  }

  /// The content of a file of the cache, by its path below a repository's folder; nil where there is none.
  func content(_ path: String, of name: HubName) -> Data? {
    try? Data(contentsOf: cache.folder(of: name.repository).appending(path: path))
  }

  /// Each file and link of a repository's folder, as Tests/Goldens/generate_hub.py lists them.
  func layout(of name: HubName) throws -> [String] {
    let folder = cache.folder(of: name.repository)
    return try FileManager.default.subpathsOfDirectory(atPath: folder.path).compactMap { path in
      let url = folder.appending(path: path)
      if let target = try? FileManager.default.destinationOfSymbolicLink(atPath: url.path) {
        return "\(path) -> \(target)"
      }
      guard let content = try? Data(contentsOf: url) else { return nil }
      if path.hasPrefix("refs/") { return "\(path) = \(String(decoding: content, as: UTF8.self))" }
      return "\(path): \(content.count) bytes, \(LoopbackHub.sha256(content))"
    }
  }
}
