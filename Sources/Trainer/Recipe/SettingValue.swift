import Foundation

/// A value of a recipe, which is written as YAML and as JSON.
package enum SettingValue: Codable, Sendable, Equatable {
  /// One key of a mapping, and its value.
  package struct Member: Sendable, Equatable {
    let key: String
    let value: SettingValue
  }

  case null
  case flag(Bool)
  case whole(Int)
  case number(Double)
  /// A word of the recipe format, which needs no quotes.
  case word(String)
  case text(String)
  case list([SettingValue])
  /// A mapping of recipe keys, in their order.
  case mapping([Member])
  /// A mapping of names that a recipe gives.
  case named([String: SettingValue])

  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let flag = try? container.decode(Bool.self) {
      self = .flag(flag)
    } else if let whole = try? container.decode(Int.self) {
      self = .whole(whole)
    } else if let number = try? container.decode(Double.self) {
      self = .number(number)
    } else if let text = try? container.decode(String.self) {
      self = .text(text)
    } else if let list = try? container.decode([SettingValue].self) {
      self = .list(list)
    } else {
      self = .named(try container.decode([String: SettingValue].self))
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .flag(let flag): try container.encode(flag)
    case .whole(let whole): try container.encode(whole)
    case .number(let number):
      if let whole = Int(exactly: number) { try container.encode(whole) } else { try container.encode(number) }
    case .word(let text), .text(let text): try container.encode(text)
    case .list(let list): try container.encode(list)
    case .mapping(let members):
      try container.encode(Dictionary(members.map { ($0.key, $0.value) }) { $1 })
    case .named(let values): try container.encode(values)
    }
  }
}

extension SettingValue {
  /// The value as one line of YAML, read alike by YAML 1.1 and 1.2.
  package var yaml: String {
    switch self {
    case .null: "null"
    case .flag(let flag): "\(flag)"
    case .whole(let whole): "\(whole)"
    case .number(let number): Self.decimal(number)
    case .word(let word): word
    case .text(let text): Self.quoted(text)
    case .list(let items): "[" + items.map(\.yaml).joined(separator: ", ") + "]"
    case .mapping(let members):
      "{" + members.map { "\($0.key): \($0.value.yaml)" }.joined(separator: ", ") + "}"
    case .named(let values):
      "{" + values.sorted { $0.key < $1.key }.map { "\(Self.quoted($0.key)): \($0.value.yaml)" }.joined(separator: ", ")
        + "}"
    }
  }

  /// The shortest decimal that reads back as the same number; YAML 1.1 asks for a point before an exponent.
  private static func decimal(_ value: Double) -> String {
    let text = "\(value)"
    guard let exponent = text.firstIndex(of: "e"), !text.contains(".") else { return text }
    return text[..<exponent] + ".0" + text[exponent...]
  }

  /// Text in double quotes.
  private static func quoted(_ value: String) -> String {
    var quoted = "\""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      case "\t": quoted += "\\t"
      case _ where scalar.value < 0x20 || scalar.value == 0x7F:
        quoted += "\\x" + String(scalar.value + 0x100, radix: 16).dropFirst()
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}
