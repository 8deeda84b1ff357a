import Foundation
import Testing

import Trainer

@Suite struct FileErrorTests {
  @Test func theDescriptionIsOneLineWithPlaceProblemAndRemedy() {
    let error = FileError.invalid(
      "/m/x.gguf", at: 24, "tensor \"a\nb\u{1B}[31m\u{2028}\" is short", remedy: "mend it")
    #expect(error.description == #"/m/x.gguf, byte 24: tensor "a\nb\u{1B}[31m\u{2028}" is short; mend it"#)
  }

  @Test func aNameFromAFileCannotFloodTheTerminal() {
    #expect(FileError.invalid("p", String(repeating: "x", count: 100_000)).description.count < 800)
  }

  @Test func systemErrorsTellTheKind() throws {
    let missing = try #require(checkpointError { _ = try MappedFile(path: "/nonexistent/file") })
    #expect(missing.kind == .notFound)
    let folder = try #require(checkpointError { _ = try MappedFile(path: "/tmp") })
    #expect(folder.description.contains("regular file"))
  }
}
