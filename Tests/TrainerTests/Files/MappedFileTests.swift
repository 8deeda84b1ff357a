import Foundation
import Testing
import Trainer

@Suite("Mapped files")
struct MappedFileTests {
  @Test("a file that is cut short while it is read ends the process in one line that names it")
  func cutShort() throws {
    let scratch = try CheckpointScratch()
    let (path, log) = (
      scratch.url.appending(path: "model.safetensors").path, scratch.url.appending(path: "errors").path
    )
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    try Data(repeating: 1, count: 4 * page).write(to: URL(fileURLWithPath: path))
    let file = try MappedFile(path: path)
    #expect(truncate(path, off_t(page)) == 0)
    let errors = open(log, O_WRONLY | O_CREAT, 0o600)
    // Swift hides fork, since little of it works in the child; what the child does here is a read and a signal's handler.
    let fork = try #require(dlsym(nil, "fork"))
    let child = unsafeBitCast(fork, to: (@convention(c) () -> pid_t).self)()
    if child == 0 {
      dup2(errors, STDERR_FILENO)
      _exit(Int32(file.bytes[3 * page]) + 100)
    }
    var status: Int32 = 0
    waitpid(child, &status, 0)
    close(errors)
    // The low bits of a status are the signal that ended a process; its exit code is above them.
    #expect(status & 0x7F == 0)
    #expect(status >> 8 == 74)
    let text = try String(contentsOfFile: log, encoding: .utf8)
    #expect(text.hasPrefix("error: ") && text.contains(path) && text.contains("cut short"))
    #expect(text.split(separator: "\n").count == 1)
    #expect(file.bytes[0] == 1)
  }
}
