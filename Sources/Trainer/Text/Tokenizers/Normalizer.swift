import Foundation

/// One step that rewrites a text before it is cut, named as in `tokenizer.json`.
package enum Normalizer: Sendable, Equatable {
  /// A Unicode normal form: `NFC`, `NFD`, `NFKC` or `NFKD`.
  case form(Form)
  /// `Prepend`: this text before every text that is not empty.
  case prepend(String)
  /// `Replace`: each occurrence of a literal.
  case replace(String, with: String)

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
    }
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
