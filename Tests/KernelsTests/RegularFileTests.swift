import Foundation
import Kernels
import Testing

@Suite("Small files beside the program")
struct RegularFileTests {
  @Test("what is no regular file is refused, and not waited for")
  func others() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "files-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let pipe = folder.appending(path: "pipe")
    #expect(mkfifo(pipe.path, 0o600) == 0)
    for file in [pipe, folder, URL(fileURLWithPath: "/dev/zero")] {
      #expect { try RegularFile.contents(of: file) } throws: { error in
        if case RegularFile.Unreadable.refused = error { true } else { false }
      }
    }
    #expect { try RegularFile.contents(of: folder.appending(path: "none")) } throws: { error in
      if case RegularFile.Unreadable.absent = error { true } else { false }
    }
    let file = folder.appending(path: "file")
    try Data("four".utf8).write(to: file)
    #expect(try RegularFile.contents(of: file) == Data("four".utf8))
    #expect(throws: RegularFile.Unreadable.self) { try RegularFile.contents(of: file, limit: 3) }
  }
}
