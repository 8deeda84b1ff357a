import Glibc
import Synchronization

/// Ends the process in one line where a mapped file was cut short while it is read.
///
/// The system answers a read beyond a file's new end by SIGBUS, which ends a process without a word; no check before the
/// read would help, as the file may be cut after it. Reading through `pread` instead would copy each weight once more,
/// and keep a model that lies in the file's cache in memory twice. So a handler finds the address among our mappings,
/// and says which file it was; any other SIGBUS takes its usual course.
///
/// The handler runs at any place of the program, and does only what is safe there: it reads memory that never moves,
/// in which each line was written when its file was mapped, and calls `write`, `sigaction`, `raise` and `_exit`.
enum MappingGuard {
  /// A mapping that is in use; `start` is 0 where a place is free.
  private struct Entry {
    var start: UInt = 0
    var end: UInt = 0
    var line: UnsafeMutablePointer<CChar>?
  }

  /// The exit code of input and output that failed.
  private static let exitCode: Int32 = 74
  /// More files at once than this are mapped without being guarded.
  private static let capacity = 4096
  /// Who writes entries; the handler reads without it.
  private static let writers = Mutex<Void>(())

  /// Unchecked: entries are written under `writers`, and one that the handler needs stays until its mapping ends.
  private nonisolated(unsafe) static let entries: UnsafeMutablePointer<Entry> = {
    let entries = UnsafeMutablePointer<Entry>.allocate(capacity: capacity)
    entries.initialize(repeating: Entry(), count: capacity)
    return entries
  }()

  /// Unchecked: written once, before any entry is.
  private nonisolated(unsafe) static let previous: UnsafeMutablePointer<sigaction> = {
    let previous = UnsafeMutablePointer<sigaction>.allocate(capacity: 1)
    previous.initialize(to: sigaction())
    var action = sigaction()
    action.__sigaction_handler.sa_sigaction = { _, info, _ in MappingGuard.handle(info) }
    action.sa_flags = SA_SIGINFO
    sigaction(SIGBUS, &action, previous)
    return previous
  }()

  /// Guards a mapping.
  ///
  /// - Returns: its place, for `remove`; nil where there is none left.
  static func add(_ address: UnsafeRawPointer, byteCount: Int, path: String) -> Int? {
    writers.withLock { _ in
      _ = previous
      guard let place = (0..<capacity).first(where: { entries[$0].start == 0 }) else { return nil }
      let error = FileError(
        .inputOutput, path: path, "the file was cut short while it was read",
        remedy: "let nothing write to it while it is in use, then run again")
      entries[place].line = strdup("error: \(error)\n")
      entries[place].end = UInt(bitPattern: address) + UInt(byteCount)
      entries[place].start = UInt(bitPattern: address)
      return place
    }
  }

  /// Ends the guard of a mapping, before the mapping itself ends.
  static func remove(_ place: Int) {
    writers.withLock { _ in
      entries[place].start = 0
      free(entries[place].line)
      entries[place].line = nil
    }
  }

  private static func handle(_ info: UnsafeMutablePointer<siginfo_t>?) {
    let address = UInt(bitPattern: info?.pointee._sifields._sigfault.si_addr)
    for place in 0..<capacity where entries[place].start != 0 {
      guard entries[place].start <= address, address < entries[place].end, let line = entries[place].line else {
        continue
      }
      _ = write(STDERR_FILENO, line, strlen(line))
      _exit(exitCode)
    }
    sigaction(SIGBUS, previous, nil)
    raise(SIGBUS)
  }
}
