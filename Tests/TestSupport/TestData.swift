import Foundation

/// Real models, tokenizers and datasets, which lie outside the project.
///
/// `ACCRETE_TEST_DATA` names the folder; else `../shared/data` beside the package, where it exists. Suites that need
/// the data are skipped, with a message, where it is absent.
package enum TestData {
  /// The package's own folder.
  package static let packageRoot: URL = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// The built program, beside the tests' own executable, or else the release build.
  package static let accrete: URL = {
    let tests = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    let beside = tests.appending(path: "accrete")
    if FileManager.default.isExecutableFile(atPath: beside.path) { return beside }
    return packageRoot.appending(path: ".build/release/accrete")
  }()

  /// The data folder; nil where there is none.
  package static let root: URL? = {
    let named = ProcessInfo.processInfo.environment["ACCRETE_TEST_DATA"].map { URL(fileURLWithPath: $0) }
    let folder = named ?? packageRoot.deletingLastPathComponent().appending(path: "shared/data")
    return FileManager.default.fileExists(atPath: folder.path) ? folder : nil
  }()

  /// The message of suites that are skipped without the data.
  package static let absence = "no test data: set ACCRETE_TEST_DATA to its folder"

  /// True where there is a data folder.
  package static var isPresent: Bool { root != nil }

  /// A file in the data folder; a path that does not exist where the folder is absent.
  package static func url(_ path: String) -> URL {
    (root ?? URL(fileURLWithPath: "/nonexistent")).appending(path: path)
  }

  /// A file in the goldens folder of this repository.
  package static func golden(_ path: String) -> URL {
    packageRoot.appending(path: "Tests/Goldens/" + path)
  }
}

extension Data {
  /// The bytes as float32 numbers.
  package var floats: [Float] {
    withUnsafeBytes { bytes in
      (0..<(bytes.count / 4)).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
    }
  }
}
