import Foundation
import Kernels
import Testing

@Suite("Child processes")
struct ChildProcessTests {
  private static func shell(_ script: String, seconds: Double = 20) -> ChildProcess.Outcome {
    ChildProcess.run(["-c", script], executable: URL(fileURLWithPath: "/bin/sh"), seconds: seconds)
  }

  @Test("what is printed comes back with the exit code, also more than a pipe holds")
  func printed() {
    guard case .exited(3, let few) = Self.shell("echo one; exit 3") else { Issue.record("no exit code 3"); return }
    #expect(String(decoding: few, as: UTF8.self) == "one\n")
    guard case .exited(0, let many) = Self.shell("head -c 300000 /dev/zero") else { Issue.record("not ended"); return }
    #expect(many.count == 300_000)
  }

  @Test("a child that says nothing for its seconds is ended, and what it said before is kept")
  func silent() {
    guard case .timedOut(let printed) = Self.shell("echo begun; exec sleep 600", seconds: 0.5) else {
      Issue.record("not ended")
      return
    }
    #expect(String(decoding: printed, as: UTF8.self) == "begun\n")
  }

  @Test("each word is time won")
  func words() {
    let outcome = Self.shell("for i in 1 2 3 4 5 6; do echo $i; sleep 0.5; done", seconds: 2)
    guard case .exited(0, let printed) = outcome else { Issue.record("\(outcome)"); return }
    #expect(printed.count == 12)
  }

  @Test("a signal is told from an exit, with what came before it")
  func crashed() {
    guard case .crashed(signal: SIGSEGV, let printed) = Self.shell("echo here; kill -SEGV $$") else {
      Issue.record("no signal")
      return
    }
    #expect(String(decoding: printed, as: UTF8.self) == "here\n")
  }
}
