import Foundation

/// The character map by which SentencePiece normalizes texts: from strings to strings, such as NFKC's.
///
/// The blob begins with the byte count of a trie (32 bits), then comes the trie, an array of 32-bit units, then the
/// texts that its values point to, each ended by a zero; all little-endian. The trie is a double array: the child
/// of a unit by a byte stands at the unit's index xor its offset xor the byte, and bears that byte as its label.
/// - Source: Aoe 1989, "An efficient digital search algorithm by using a double-array structure".
package struct CharacterMap: Sendable, Equatable {
  /// Who reads the map.
  package enum Reading: Sendable, Equatable {
    /// SentencePiece: the longest key at each place, except within what is kept.
    case longestKey
    /// Hugging Face's `Precompiled`: cluster by cluster, where the shortest key at a short cluster's beginning
    /// replaces all of it.
    case clusters
  }

  /// Hugging Face looks up clusters of fewer bytes whole, and longer ones character by character.
  private static let longClusterLength = 6
  /// No more keys are looked at in one place, as in SentencePiece.
  private static let greatestMatchCount = 32
  /// No key of a sound map is longer; bounds the time that a broken one takes.
  private static let greatestKeyLength = 256

  package let blob: [UInt8]
  /// Spellings that the longest keys leave alone: the pieces that a user defined.
  private let kept: Literals
  private let units: [UInt32]
  /// Start of the texts, in bytes from the start of the blob.
  private let textStart: Int

  /// - Returns: nil where the blob is too short for the trie that it announces.
  package init?(_ blob: [UInt8], keeping kept: Literals = Literals([])) {
    func unit(_ offset: Int) -> UInt32 {
      (0..<4).reduce(0) { $0 | UInt32(blob[offset + $1]) << UInt32(8 * $1) }
    }
    guard blob.count >= 4 else { return nil }
    let trieLength = Int(unit(0))
    guard trieLength > 0, trieLength % 4 == 0, trieLength <= blob.count - 4 else { return nil }
    self.blob = blob
    self.kept = kept
    units = (1...trieLength / 4).map { unit(4 * $0) }
    textStart = 4 + trieLength
  }

  package static func == (first: CharacterMap, second: CharacterMap) -> Bool {
    first.blob == second.blob && first.kept == second.kept
  }

  /// Bytes of the longest text that a key stands for.
  var greatestTextLength: Int { blob[textStart...].split(separator: 0).map(\.count).max() ?? 0 }

  /// The text after the map.
  package func apply(to bytes: [UInt8], as reading: Reading) -> [UInt8] {
    switch reading {
    case .longestKey: applyLongestKeys(to: bytes)
    case .clusters: applyToClusters(bytes)
    }
  }

  private func applyLongestKeys(to bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var offset = 0
    while offset < bytes.count {
      var end = offset + UTF8Reader.scalar(in: bytes, at: offset).length
      var text: ArraySlice<UInt8>?
      if let keptEnd = kept.end(in: bytes, at: offset, before: bytes.count) {
        end = keptEnd
      } else {
        forEachKey(in: bytes[offset...]) { length, value in
          end = offset + length
          text = self.text(at: value)
          return true
        }
      }
      result += text ?? bytes[offset..<end]
      offset = end
    }
    return result
  }

  private func applyToClusters(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    for cluster in String(decoding: bytes, as: UTF8.self) {
      let whole = Array(String(cluster).utf8)
      if whole.count < Self.longClusterLength, let text = shortestKeyText(whole) {
        result += text
      } else {
        for scalar in cluster.unicodeScalars {
          let character = Array(String(scalar).utf8)
          result += shortestKeyText(character) ?? character[...]
        }
      }
    }
    return result
  }

  private func shortestKeyText(_ bytes: [UInt8]) -> ArraySlice<UInt8>? {
    var text: ArraySlice<UInt8>?
    forEachKey(in: bytes[...]) { _, value in
      text = self.text(at: value)
      return false
    }
    return text
  }

  /// Walks over the keys at the beginning of some bytes, the shortest first.
  /// - Parameter body: takes a key's length and value, and says whether to go on
  private func forEachKey(in bytes: ArraySlice<UInt8>, _ body: (Int, Int) -> Bool) {
    var matches = 0
    var index = Self.offset(of: units[0])
    for (position, byte) in bytes.prefix(Self.greatestKeyLength).enumerated() {
      index ^= Int(byte)
      guard index < units.count else { return }
      let unit = units[index]
      // Bit 31 marks a value, which is no child by any byte.
      guard unit & 0x8000_00FF == UInt32(byte) else { return }
      index ^= Self.offset(of: unit)
      guard unit >> 8 & 1 == 1 else { continue }
      guard index < units.count else { return }
      matches += 1
      if !body(position + 1, Int(units[index] & 0x7FFF_FFFF)) || matches == Self.greatestMatchCount { return }
    }
  }

  private static func offset(of unit: UInt32) -> Int { Int(unit >> 10) << Int((unit & 1 << 9) >> 6) }

  /// The text at an offset, up to its zero.
  private func text(at offset: Int) -> ArraySlice<UInt8> {
    guard offset < blob.count - textStart else { return [] }
    return blob[(textStart + offset)...].prefix { $0 != 0 }
  }
}
