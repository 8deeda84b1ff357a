/// A value of a recipe as JSON: what YAML reads as a number is one.
package enum SettingValue: Codable, Sendable, Equatable {
  case null
  case flag(Bool)
  case number(Double)
  case text(String)
  case list([SettingValue])
  case mapping([String: SettingValue])

  init(_ node: RecipeNode) {
    switch node.content {
    case .scalar where node.isNull: self = .null
    case .scalar("true", isPlain: true): self = .flag(true)
    case .scalar("false", isPlain: true): self = .flag(false)
    case .scalar(let text, let isPlain):
      let number = isPlain ? Double(text) : nil
      self = number.map { $0.isFinite ? .number($0) : .text(text) } ?? .text(text)
    case .sequence(let items): self = .list(items.map { SettingValue($0) })
    case .mapping(let entries):
      self = .mapping(Dictionary(entries.map { ($0.key, SettingValue($0.value)) }) { $1 })
    }
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let flag = try? container.decode(Bool.self) {
      self = .flag(flag)
    } else if let number = try? container.decode(Double.self) {
      self = .number(number)
    } else if let text = try? container.decode(String.self) {
      self = .text(text)
    } else if let list = try? container.decode([SettingValue].self) {
      self = .list(list)
    } else {
      self = .mapping(try container.decode([String: SettingValue].self))
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .flag(let flag): try container.encode(flag)
    case .number(let number):
      if let whole = Int(exactly: number) { try container.encode(whole) } else { try container.encode(number) }
    case .text(let text): try container.encode(text)
    case .list(let list): try container.encode(list)
    case .mapping(let mapping): try container.encode(mapping)
    }
  }
}

extension TrainingSettings {
  /// Every key that is in use, as the resolved recipe would write it.
  package var values: [String: SettingValue] {
    var values: [String: SettingValue] = [:]
    for key in TrainingKey.all {
      guard let yaml = key.write(self), let node = try? RecipeParsing.tree(of: yaml, place: { _ in key.name }) else {
        continue
      }
      values[key.name] = SettingValue(node)
    }
    return values
  }
}
