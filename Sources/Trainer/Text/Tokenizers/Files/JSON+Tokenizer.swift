import Foundation

extension JSON {
  /// Parses a JSON file of a tokenizer.
  ///
  /// A byte-order mark before the value is passed over: `JSONParser` refuses it, but editors put it into files that
  /// people change by hand.
  ///
  /// - Parameter path: named in errors only.
  /// - Throws: `TokenizerError.malformed`, which names the byte.
  package init(tokenizerFile content: some ContiguousBytes, path: String) throws(TokenizerError) {
    let result = content.withUnsafeBytes { bytes in
      Result { () throws(FileError) in
        let start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        return try JSONParser.parse(UnsafeRawBufferPointer(rebasing: bytes[start...]), path: path, base: start)
      }
    }
    do throws(FileError) { self = try result.get() } catch { throw TokenizerError(error, path: path) }
  }

  /// The number as a token's id; nil where it is negative, has a fraction or does not fit in 32 bits.
  package var tokenID: Int32? {
    guard let number, let id = Int32(exactly: number), id >= 0 else { return nil }
    return id
  }
}

extension TokenizerError {
  /// The error of a tokenizer's file that could not be opened or parsed; keeps the byte, or blames the file's kind.
  init(_ error: FileError, path: String) {
    switch error.kind {
    case .notFound: self = .notFound(path: path, remedy: error.remedy)
    case .invalid, .unsupported:
      self = .malformed(path: path, place: error.byteOffset.map { "byte \($0)" } ?? "its kind", problem: error.problem)
    case .inputOutput: self = .unreadable(path: path, reason: error.problem)
    }
  }
}
