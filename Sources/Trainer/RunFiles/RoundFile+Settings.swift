extension RoundFile {
  /// Training keys as text, in the order of the file; inner keys with dots, as the command line writes them.
  package var settingTexts: [(key: String, value: String)] {
    guard case .mapping(let members) = settings else { return [] }
    return members.flatMap { member in
      guard case .mapping(let inner) = member.value else { return [(member.key, member.value.shown)] }
      return inner.map { ("\(member.key).\($0.key)", $0.value.shown) }
    }
  }
}

extension SettingValue {
  /// Takes a parsed object; its keys keep their order.
  init(_ object: JSONObject) {
    self = .mapping(object.members.map { Member(key: $0.key, value: SettingValue($0.value)) })
  }

  private init(_ json: JSON) {
    switch json.content {
    case .null: self = .null
    case .bool(let flag): self = .flag(flag)
    case .integer(let whole): self = .whole(whole)
    case .number(let number): self = .number(number)
    case .string(let text): self = .text(text)
    case .array(let elements): self = .list(elements.map { SettingValue($0) })
    case .object(let object): self.init(object)
    }
  }

  /// Value in one line, as a table shows it: text without quotes.
  fileprivate var shown: String {
    switch self {
    case .null, .flag, .whole: yaml
    case .number(let number): "\(number)"
    case .word(let text), .text(let text): text
    case .list(let items): "[" + items.map(\.shown).joined(separator: ", ") + "]"
    case .mapping(let members): "{" + members.map { "\($0.key): \($0.value.shown)" }.joined(separator: ", ") + "}"
    case .named(let values): SettingValue.mapping(values.map { Member(key: $0, value: $1) }).shown
    }
  }
}
