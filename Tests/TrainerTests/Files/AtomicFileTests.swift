import Foundation
import Testing

import Trainer

@Suite struct AtomicFileTests {
  @Test func theDestinationChangesOnlyOnCommit() throws {
    let scratch = try CheckpointScratch()
    let url = try scratch.write("old", "file")
    let file = try AtomicFile(url)
    try Array("new".utf8).withUnsafeBytes { try file.write($0) }
    #expect(try String(contentsOf: url, encoding: .utf8) == "old")
    try file.commit()
    #expect(try String(contentsOf: url, encoding: .utf8) == "new")
    #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.url.path) == ["file"])
  }

  @Test func anAbandonedWriteLeavesNothing() throws {
    let scratch = try CheckpointScratch()
    do {
      let file = try AtomicFile(scratch.url.appending(path: "file"))
      try Array("half".utf8).withUnsafeBytes { try file.write($0) }
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.url.path).isEmpty)
  }

  @Test func itsTemporaryNamesAreKnown() {
    for name in ["a.1-2.partial", "model.safetensors.4194304-4294967295.partial"] {
      #expect(AtomicFile.isTemporary(name), "\(name)")
    }
    for name in ["a.partial", "1-2.partial", "a.1-x.partial", "a.1-2-3.partial", "a.-2.partial", "a.1-2.partial.txt"] {
      #expect(!AtomicFile.isTemporary(name), "\(name)")
    }
  }

  @Test func aMissingFolderIsNamed() {
    let error = checkpointError { try AtomicFile.write(Data(), to: URL(fileURLWithPath: "/nonexistent/folder/file")) }
    #expect(error?.kind == .notFound)
    #expect(error?.path.hasPrefix("/nonexistent/folder/file") == true)
  }

  @Test func aFolderInTheWayIsAnError() {
    let error = checkpointError {
      let scratch = try CheckpointScratch()
      try FileManager.default.createDirectory(
        at: scratch.url.appending(path: "taken/inside"), withIntermediateDirectories: true)
      try AtomicFile.write(Data("x".utf8), to: scratch.url.appending(path: "taken"))
    }
    #expect(error?.kind == .inputOutput)
  }
}
