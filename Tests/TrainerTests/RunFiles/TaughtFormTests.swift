import Foundation
import Testing

import Trainer

@Suite("How a run wrote prompts and completions")
struct TaughtFormTests {
  private func folder(_ record: String?) throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appending(path: "taught-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    if let record { try Data(record.utf8).write(to: folder.appending(path: "round.json")) }
    return folder
  }

  private static let datasets =
    #""round": 2, "name": "b", "datasets": [{"name": "a"}, {"name": "b"}, {"name": "base replay"}]"#

  /// Members of round.json, and what they say.
  static let records: [(String, TaughtForm?)] = [
    ("", .unrecorded), (#", "templates": {}"#, nil), (#", "templates": {"a": "raw", "b": "raw"}"#, .alike(.raw)),
    (#", "templates": {"a": "chat"}"#, .alike(.chat)),
    (#", "templates": {"a": "chat", "b": "raw"}"#, .mixed(last: .raw)),
    (#", "templates": {"a": "chat", "b": "raw", "base replay": "chat"}"#, .mixed(last: .raw)),
    (#", "templates": {"a": "raw", "base replay": "chat"}"#, .mixed(last: .chat)),
  ]

  @Test("the record of the model's folder says it; one of an older release says that they were raw", arguments: records)
  func reads(_ members: String, _ form: TaughtForm?) throws {
    let folder = try folder("{\(Self.datasets)\(members)}")
    defer { try? FileManager.default.removeItem(at: folder) }
    #expect(try TaughtForm.read(model: folder, adapter: nil) == form)
    let bare = try self.folder(nil)
    defer { try? FileManager.default.removeItem(at: bare) }
    #expect(try TaughtForm.read(model: bare, adapter: nil) == nil)
    #expect(try TaughtForm.read(model: bare, adapter: folder) == form)
    #expect(try TaughtForm.read(model: folder.appending(path: "round.json"), adapter: nil) == nil)
  }

  @Test("a round's record is written and read with the names of its datasets as they are; another word is an error")
  func record() throws {
    let folder = try folder("{\(Self.datasets), \"templates\": {\"camelCase\": \"chat\", \"b\": \"raw\"}}")
    defer { try? FileManager.default.removeItem(at: folder) }
    let record = try #require(try RoundFile.read(in: folder))
    try record.write(in: folder)
    #expect(try RoundFile.read(in: folder)?.templates == ["camelCase": .chat, "b": .raw])
    try Data("{\(Self.datasets), \"templates\": {\"a\": \"prose\"}}".utf8).write(
      to: folder.appending(path: "round.json"))
    #expect(throws: FileError.self) { try RoundFile.read(in: folder) }
  }
}
