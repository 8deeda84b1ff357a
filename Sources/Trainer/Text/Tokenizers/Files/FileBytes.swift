import Foundation

/// Reads little-endian values from a file's bytes, and refuses to read beyond its end.
package struct FileBytes {
  /// The file's path, for messages.
  package let path: String
  private let bytes: [UInt8]
  private(set) var offset = 0

  /// A reader at the start of a file's bytes.
  package init(_ bytes: [UInt8], path: String) {
    self.bytes = bytes
    self.path = path
  }

  /// True where no byte is left.
  package var isAtEnd: Bool { offset == bytes.count }

  /// Reads 4 bytes as an unsigned integer; `what` names it in errors.
  package mutating func uint32(_ what: String) throws(TokenizerError) -> UInt32 {
    try take(4, what).reversed().reduce(0) { $0 << 8 | UInt32($1) }
  }

  /// Reads 4 bytes as an IEEE 754 single.
  package mutating func float(_ what: String) throws(TokenizerError) -> Float {
    Float(bitPattern: try uint32(what))
  }

  /// Reads some bytes; throws where fewer are left.
  package mutating func take(_ count: Int, _ what: String) throws(TokenizerError) -> ArraySlice<UInt8> {
    guard count >= 0, count <= bytes.count - offset else {
      throw malformed("\(what) takes \(count) bytes, but \(bytes.count - offset) are left")
    }
    defer { offset += count }
    return bytes[offset..<offset + count]
  }

  /// Reads some bytes as UTF-8.
  package mutating func text(_ count: Int, _ what: String) throws(TokenizerError) -> String {
    guard let text = String(validating: try take(count, what), as: UTF8.self) else {
      throw malformed("\(what) is not UTF-8")
    }
    return text
  }

  /// An error at the byte that is read next.
  package func malformed(_ problem: String) -> TokenizerError {
    .malformed(path: path, place: "byte \(offset)", problem: problem)
  }

  /// All of a file.
  package static func contents(of url: URL) throws(TokenizerError) -> Data {
    let content: Data
    do throws(FileError) {
      content = try InputFile.contents(url.path)
    } catch {
      throw TokenizerError(error, path: url.path)
    }
    guard !GitLFSPointer.begins(content) else {
      throw .malformed(
        path: url.path, place: "byte 0", problem: "\(GitLFSPointer.problem): \(GitLFSPointer.remedy)")
    }
    return content
  }
}
