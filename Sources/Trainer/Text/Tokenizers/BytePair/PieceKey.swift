/// The exact bytes of a piece, as a dictionary key.
///
/// `String` compares by canonical equivalence, under which two distinct tokens may be equal; bytes never are.
struct PieceKey: Hashable, Sendable {
  /// The piece's bytes in UTF-8.
  let bytes: [UInt8]

  /// The key of a piece by its bytes.
  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// The key of a piece by its spelling.
  init(_ text: String) { bytes = Array(text.utf8) }

  func hash(into hasher: inout Hasher) {
    bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
  }
}
