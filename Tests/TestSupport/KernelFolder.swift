import Foundation

/// Folders of kernels for tests. Kernels are read from them in a child process, since `ACCRETE_KERNELS` belongs to the
/// whole process.
package enum KernelFolder {
  /// The kernels of this repository.
  package static let repository = TestData.packageRoot.appending(path: "kernels")

  /// A new folder with these files, by path.
  package static func make(_ files: [String: String]) throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appending(path: "accrete-kernels-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for (name, text) in files {
      let file = folder.appending(path: name)
      try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
    }
    return folder
  }

  /// Makes a new folder with these files the process's kernels while `body` runs.
  package static func use(_ files: [String: String], _ body: (URL) throws -> Void) throws {
    let folder = try make(files)
    defer { try? FileManager.default.removeItem(at: folder) }
    setenv("ACCRETE_KERNELS", folder.path, 1)
    try body(folder)
  }

  /// A new folder with copies of this repository's kernels, one of them changed.
  ///
  /// - Parameter only: the files to copy; nil: all.
  /// - Throws: `NotFound` where the file does not hold `text` exactly `count` times, so that a rewritten kernel is
  ///   noticed.
  package static func copy(
    only: [String]? = nil, breaking file: String, replacing text: String, with replacement: String, count: Int = 1
  ) throws -> URL {
    let names = try only ?? FileManager.default.subpathsOfDirectory(atPath: repository.path)
    var files: [String: String] = [:]
    for name in names where name.hasSuffix(".cl") {
      files[name] = try String(contentsOf: repository.appending(path: name), encoding: .utf8)
    }
    let parts = (files[file] ?? "").components(separatedBy: text)
    guard parts.count == count + 1 else { throw NotFound(file: file, text: text, count: parts.count - 1) }
    files[file] = parts.joined(separator: replacement)
    return try make(files)
  }

  /// A text to replace that the file holds more or less often than expected.
  package struct NotFound: Error {
    package let file: String
    package let text: String
    package let count: Int
  }
}
