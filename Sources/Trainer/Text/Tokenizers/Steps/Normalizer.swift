import Foundation

/// One step that rewrites a text before it is cut, named as in `tokenizer.json`.
package enum Normalizer: Sendable, Equatable {
  /// A Unicode normal form: `NFC`, `NFD`, `NFKC` or `NFKD`.
  case form(Form)
  /// `Prepend`: this text before every text that is not empty.
  case prepend(String)
  /// `Replace`: each occurrence of a literal.
  case replace(String, with: String)
  /// `Replace`: each match of a pattern.
  case replaceMatches(TextPattern, with: String)
  /// `Replace` of each run of two spaces or more.
  case replaceSpaceRuns(with: String)
  /// `Replace` of the spaces before a text by nothing.
  case dropLeadingSpaces
  /// `Replace` of the spaces and "▁" after a text by nothing.
  case dropTrailingSpaces
  /// `Precompiled`, and SentencePiece's own way to read the same map.
  case characterMap(CharacterMap, CharacterMap.Reading)
  /// `Lowercase`: each character for itself, whatever stands around it.
  case lowercase
  /// `Strip`: white space at either end.
  case strip(left: Bool, right: Bool)

  /// Unicode's normal forms.
  package enum Form: String, Sendable {
    case canonicalComposition = "NFC"
    case canonicalDecomposition = "NFD"
    case compatibilityComposition = "NFKC"
    case compatibilityDecomposition = "NFKD"
  }

  /// The rewritten text.
  package func apply(to bytes: [UInt8]) -> [UInt8] {
    switch self {
    case .form(let form):
      // ASCII is its own normal form in all four.
      if bytes.allSatisfy({ $0 < 0x80 }) { return bytes }
      let text = String(decoding: bytes, as: UTF8.self)
      switch form {
      case .canonicalComposition: return Array(text.precomposedStringWithCanonicalMapping.utf8)
      case .canonicalDecomposition: return Array(text.decomposedStringWithCanonicalMapping.utf8)
      case .compatibilityComposition: return Array(text.precomposedStringWithCompatibilityMapping.utf8)
      case .compatibilityDecomposition: return Array(text.decomposedStringWithCompatibilityMapping.utf8)
      }
    case .prepend(let prefix):
      return bytes.isEmpty ? [] : Array(prefix.utf8) + bytes
    case .replace(let pattern, let replacement):
      return Self.replacing(Array(pattern.utf8), with: Array(replacement.utf8), in: bytes)
    case .replaceMatches(let pattern, let replacement):
      return Self.replacing(pattern, with: Array(replacement.utf8), in: bytes)
    case .replaceSpaceRuns(let replacement):
      return Self.replacingSpaceRuns(in: bytes, with: Array(replacement.utf8))
    case .dropLeadingSpaces: return Array(bytes.drop { $0 == 0x20 })
    case .dropTrailingSpaces: return Self.droppingTrailingSpaces(bytes)
    case .characterMap(let map, let reading): return map.apply(to: bytes, as: reading)
    case .lowercase:
      let text = String(decoding: bytes, as: UTF8.self)
      return text.unicodeScalars.flatMap { $0.properties.lowercaseMapping.utf8 }
    case .strip(let left, let right): return Self.stripped(bytes, left: left, right: right)
    }
  }

  private static func replacing(
    _ pattern: TextPattern, with replacement: [UInt8], in bytes: [UInt8]
  ) -> [UInt8] {
    if bytes.isEmpty { return bytes }
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var start = 0
    pattern.forEachMatch(in: [0..<bytes.count], of: bytes) { _, match in
      result += bytes[start..<match.lowerBound] + replacement
      start = match.upperBound
    }
    return result + bytes[start...]
  }

  private static func replacingSpaceRuns(in bytes: [UInt8], with replacement: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var offset = 0
    while offset < bytes.count {
      let end = bytes[offset...].firstIndex { $0 != 0x20 } ?? bytes.count
      if end - offset > 1 {
        result += replacement
        offset = end
      } else {
        result.append(bytes[offset])
        offset += 1
      }
    }
    return result
  }

  private static func droppingTrailingSpaces(_ bytes: [UInt8]) -> [UInt8] {
    var end = bytes.count
    while end > 0 {
      if bytes[end - 1] == 0x20 {
        end -= 1
      } else if bytes[..<end].suffix(3).elementsEqual(Metaspace.bytes) {
        end -= 3
      } else {
        break
      }
    }
    return Array(bytes[..<end])
  }

  private static func stripped(_ bytes: [UInt8], left: Bool, right: Bool) -> [UInt8] {
    let scalars = String(decoding: bytes, as: UTF8.self).unicodeScalars
    var kept = scalars[...]
    if left { kept = kept.drop(while: \.properties.isWhitespace) }
    if right { while let last = kept.last, last.properties.isWhitespace { kept.removeLast() } }
    return Array(String(String.UnicodeScalarView(kept)).utf8)
  }

  private static func replacing(_ pattern: [UInt8], with replacement: [UInt8], in bytes: [UInt8]) -> [UInt8] {
    guard let first = pattern.first else { return bytes }
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var offset = 0
    while offset < bytes.count {
      if bytes[offset] == first, bytes[offset...].starts(with: pattern) {
        result += replacement
        offset += pattern.count
      } else {
        result.append(bytes[offset])
        offset += 1
      }
    }
    return result
  }
}
