/// The fault of a row whose text is no JSON: what, at which byte of the row, and the remedy.
struct JSONRowFault {
  let message: String

  /// - Parameter bytes: a row's text, which Foundation's parser refused.
  init(_ bytes: UnsafeRawBufferPointer) {
    guard String(validating: bytes, as: UTF8.self) != nil else {
      message = ForeignEncoding(bytes, in: "row").message
      return
    }
    let start = excerpt(String(decoding: bytes.prefix(40), as: UTF8.self))
    var found: (problem: String, byte: Int)?
    do throws(FileError) {
      _ = try JSONParser.parse(bytes, path: "")
    } catch {
      found = (String(error.problem.trimmingPrefix("JSON: ")), error.byteOffset ?? 0)
    }
    guard let (problem, byte) = found else {
      message =
        "is not JSON (it begins \(start)): write each row as one complete object, in a .jsonl on its own line"
      return
    }
    let rest = bytes[min(byte, bytes.count)...]
    // The parser has passed the sign of a number.
    let word = ["NaN", "Infinity"].first { rest.starts(with: $0.utf8) }
    if let word {
      message =
        "is not JSON at byte \(byte): \(word) is no number of JSON; write null or a finite number in its place"
    } else if problem.contains("surrogate") {
      message =
        "is not JSON at byte \(byte): half of a surrogate pair, a \\u escape without its other half; write the character "
        + "itself, or both escapes"
    } else if problem.contains("after the JSON value"), rest.first == UInt8(ascii: "{") {
      message = "holds a second object from byte \(byte) on: put each row on its own line"
    } else {
      message =
        "is not JSON at byte \(byte): \(problem) (it begins \(start)): write each row as one complete object, in a "
        + ".jsonl on its own line"
    }
  }
}
