import Foundation

import Trainer

/// A folder of its own for a test, removed at the end.
final class CheckpointScratch {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "checkpoints-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  /// Writes a file into the folder.
  @discardableResult
  func write(_ data: Data, _ name: String) throws -> URL {
    let file = url.appending(path: name)
    try data.write(to: file)
    return file
  }

  /// Writes a JSON value into the folder.
  @discardableResult
  func write(_ json: JSON, _ name: String) throws -> URL { try write(JSONWriter.data(json, .members), name) }

  /// Writes a text into the folder.
  @discardableResult
  func write(_ text: String, _ name: String) throws -> URL { try write(Data(text.utf8), name) }
}

extension Data {
  /// The bytes of a little-endian number.
  static func of<T: BitwiseCopyable>(_ value: T) -> Data { Swift.withUnsafeBytes(of: value) { Data($0) } }

  /// The bytes of f32 numbers.
  static func of(_ floats: [Float]) -> Data { floats.withUnsafeBytes { Data($0) } }
}

/// The error that `body` throws, if it is a checkpoint error.
func checkpointError(_ body: () throws -> Void) -> FileError? {
  do {
    try body()
    return nil
  } catch {
    return error as? FileError
  }
}
