import Foundation
import Synchronization

/// Tokens of single rows of a large dataset, kept in files of the user's cache and mapped from there.
///
/// New rows are collected in memory, and go to a file of their own some 64 MiB at a time, so that each file is whole when it
/// appears and none is written again. What cannot be read is encoded again. Where there is no cache folder, the files stand
/// in the system's folder of temporary files and have no name once they are mapped.
///
/// A file is a list of 32-bit numbers: mark, rows, words of the rows; then each row's number and its place among the words;
/// then the words. A row's words: tokens, the bits of its weight, flags, the tokens, and the labels where `explicit` is set;
/// else a token whose sign bit is set is its own label, and any other is not supervised.
final class TokenStore: Sendable {
  /// A row in tokens, uncut.
  struct Entry: Equatable {
    let sample: Sample
    /// The fate of the row where it is longer than a sequence.
    let fate: RowSettings.LongRows
  }

  private static let mark: UInt32 = 0x4B4F_5401
  private static let learnt: UInt32 = 1 << 31
  private static let explicit: UInt32 = 1 << 8
  /// Words that are collected before they go to a file.
  private static let pendingLimit = 16 << 20
  private static let fates = RowSettings.LongRows.allCases

  private struct State {
    var files: [MappedFile] = []
    /// Of each row that is known, the number of its file, or of the one to come, and its place among the words there.
    var places: [UInt32: (file: Int32, word: UInt32)] = [:]
    var words: [UInt32] = []
    var rows: [(row: UInt32, word: UInt32)] = []
    /// Words that are collected before they go to a file.
    var limit = TokenStore.pendingLimit
  }

  private let state: Mutex<State>
  private let key: String
  private let vocabularySize: Int

  /// - Parameters:
  ///   - key: names everything on which the tokens depend.
  ///   - vocabularySize: ids are below it.
  init(key: String, vocabularySize: Int) {
    (self.key, self.vocabularySize) = (key, vocabularySize)
    var state = State()
    while let url = Self.url(key, state.files.count), let file = try? MappedFile(path: url.path),
      let rows = Self.rows(of: file)
    {
      for (row, word) in rows { state.places[row] = (Int32(state.files.count), word) }
      state.files.append(file)
    }
    self.state = Mutex(state)
  }

  private static func url(_ key: String, _ number: Int) -> URL? {
    UserCache.folder("tokens")?.appending(path: "\(key)-\(number)")
  }

  /// Forgets all rows: they are not what the file of rows gives now.
  func forget() { state.withLock { $0 = State() } }

  /// A row that is known; nil for any other.
  func entry(_ row: Int) -> Entry? {
    state.withLock { state in
      guard let place = state.places[UInt32(row)] else { return nil }
      if Int(place.file) == state.files.count {
        return state.words.withUnsafeBytes { entry($0, at: Int(place.word)) }
      }
      let bytes = state.files[Int(place.file)].bytes
      let start = Self.wordsStart(bytes)
      let found = entry(UnsafeRawBufferPointer(rebasing: bytes[start...]), at: Int(place.word))
      if found == nil { state.places[UInt32(row)] = nil }
      return found
    }
  }

  private func entry(_ bytes: UnsafeRawBufferPointer, at place: Int) -> Entry? {
    func word(_ index: Int) -> UInt32 { bytes.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self) }
    let limit = bytes.count / 4
    guard place + 3 <= limit else { return nil }
    let (count, flags) = (Int(word(place)), word(place + 2))
    let isExplicit = flags & Self.explicit != 0
    guard count * (isExplicit ? 2 : 1) <= limit - place - 3, Int(flags & 0xFF) < Self.fates.count else { return nil }
    var ids: [Int32] = []
    var labels: [Int32] = []
    ids.reserveCapacity(count)
    labels.reserveCapacity(count)
    for index in place + 3..<place + 3 + count {
      let id = Int32(bitPattern: word(index) & ~Self.learnt)
      // A token outside the vocabulary would be read outside the device's memory.
      guard Int(id) < vocabularySize else { return nil }
      ids.append(id)
      if isExplicit {
        let label = Int32(bitPattern: word(index + count))
        guard label == Sample.ignoredLabel || (label >= 0 && Int(label) < vocabularySize) else { return nil }
        labels.append(label)
      } else {
        labels.append(word(index) & Self.learnt != 0 ? id : Sample.ignoredLabel)
      }
    }
    return Entry(
      sample: Sample(ids: ids, labels: labels, weight: Float(bitPattern: word(place + 1))),
      fate: Self.fates[Int(flags & 0xFF)])
  }

  /// Keeps a row that is not known.
  func add(_ entry: Entry, row: Int) {
    let (ids, labels) = (entry.sample.ids, entry.sample.labels)
    let isExplicit = zip(ids, labels).contains { $1 != Sample.ignoredLabel && $1 != $0 }
    let fate = UInt32(Self.fates.firstIndex(of: entry.fate) ?? 0)
    state.withLock { state in
      guard state.places[UInt32(row)] == nil else { return }
      let place = UInt32(state.words.count)
      state.places[UInt32(row)] = (Int32(state.files.count), place)
      state.rows.append((UInt32(row), place))
      state.words += [UInt32(ids.count), entry.sample.weight.bitPattern, fate | (isExplicit ? Self.explicit : 0)]
      for (id, label) in zip(ids, labels) {
        state.words.append(UInt32(bitPattern: id) | (!isExplicit && label == id ? Self.learnt : 0))
      }
      if isExplicit { state.words += labels.map { UInt32(bitPattern: $0) } }
      if state.words.count >= state.limit { write(&state) }
    }
  }

  /// Puts the collected rows into a file, and gives back the memory of all files.
  func flush() {
    state.withLock { state in
      if !state.rows.isEmpty { write(&state) }
      for file in state.files { file.release(0..<file.bytes.count) }
    }
  }

  private func write(_ state: inout State) {
    var words = [Self.mark, UInt32(state.rows.count), UInt32(state.words.count)]
    for (row, word) in state.rows { words += [row, word] }
    let kept = Self.url(key, state.files.count)
    let url = kept ?? FileManager.default.temporaryDirectory.appending(path: "accrete-tokens-\(UUID().uuidString)")
    // Where no file can be written, the rows stay in memory.
    guard let file = try? Self.file(url, words, state.words) else {
      state.limit *= 2
      return
    }
    if kept == nil { try? FileManager.default.removeItem(at: url) }
    state.files.append(file)
    (state.words, state.rows) = ([], [])
  }

  private static func file(_ url: URL, _ head: [UInt32], _ words: [UInt32]) throws(FileError) -> MappedFile {
    let file = try AtomicFile(url)
    for part in [head, words] {
      try part.withUnsafeBytes { bytes in Result { () throws(FileError) in try file.write(bytes) } }.get()
    }
    try file.commit()
    return try MappedFile(path: url.path)
  }

  /// The rows of a file and their places among its words; nil where it is not whole.
  private static func rows(of file: MappedFile) -> [(UInt32, UInt32)]? {
    func word(_ index: Int) -> UInt32 { file.bytes.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self) }
    guard file.bytes.count >= 12, word(0) == mark,
      file.bytes.count == 4 * (3 + 2 * Int(word(1)) + Int(word(2)))
    else { return nil }
    return (0..<Int(word(1))).map { (word(3 + 2 * $0), word(4 + 2 * $0)) }
  }

  /// Place of the first word of the rows in a file.
  private static func wordsStart(_ bytes: UnsafeRawBufferPointer) -> Int {
    12 + 8 * Int(bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
  }
}
