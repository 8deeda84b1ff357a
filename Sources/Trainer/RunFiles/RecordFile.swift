import Foundation

/// One JSON object that is a whole file of a run's folder.
///
/// The conforming type is the only description of its file: `write` writes its stored properties, keys in snake case, and
/// `init` reads them again, also from runs of older releases, which lack some.
package protocol RecordFile: Encodable, Sendable {
  /// Name of the file in its folder.
  static var fileName: String { get }

  /// Reads the object; a key that older releases did not write may be absent, a key that is not known is ignored.
  ///
  /// - Throws: `FileError` (`invalid`) with the file and the byte of a value of another kind.
  init(_ object: RecordObject) throws(FileError)
}

extension RecordFile {
  /// Reads the file in a folder; nil where there is none.
  ///
  /// - Throws: `FileError` (`invalid`) with the file and the byte of what is damaged.
  package static func read(in folder: URL) throws(FileError) -> Self? {
    guard let object = try RecordObject(file: folder.appending(path: fileName).path) else { return nil }
    return try Self(object)
  }

  /// Writes the file into a folder, whole or not at all: indented, keys sorted.
  package func write(in folder: URL) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    try AtomicFile.write(try encoder.encode(self) + Data("\n".utf8), to: folder.appending(path: Self.fileName))
  }
}
