extension TemplateValue {
  /// A JSON value as templates see it, with keys in their order.
  /// - Parameter origin: that of its strings and keys.
  init(_ json: JSON, _ origin: TemplateOrigin) {
    switch json.content {
    case .null: self = .none
    case .bool(let value): self = .boolean(value)
    case .integer(let value): self = .integer(value)
    case .number(let value): self = .number(value)
    case .string(let text): self = .string(TemplateText(text, origin))
    case .array(let items): self = .list(items.map { TemplateValue($0, origin) })
    case .object(let object):
      self = .dictionary(
        TemplateDictionary(
          entries: object.members.map { .init(key: $0.key, value: TemplateValue($0.value, origin)) },
          keyOrigin: origin))
    }
  }
}
