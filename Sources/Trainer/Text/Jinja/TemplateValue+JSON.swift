extension TemplateValue {
  /// A JSON value as templates see it, with keys in their order.
  /// - Parameter isContent: true: its strings are a user's text, which must never become control tokens.
  init(_ json: JSON, isContent: Bool) {
    switch json.content {
    case .null: self = .none
    case .bool(let value): self = .boolean(value)
    case .integer(let value): self = .integer(value)
    case .number(let value): self = .number(value)
    case .string(let text): self = .string(TemplateText(text, isContent: isContent))
    case .array(let items): self = .list(items.map { TemplateValue($0, isContent: isContent) })
    case .object(let object):
      self = .dictionary(
        TemplateDictionary(
          entries: object.members.map { .init(key: $0.key, value: TemplateValue($0.value, isContent: isContent)) }))
    }
  }
}
