/// The arguments of a call, evaluated.
struct TemplateArguments {
  var positional: [TemplateValue] = []
  var named = TemplateDictionary()

  /// An argument, by position or by name.
  func value(_ index: Int, _ name: String) -> TemplateValue? {
    index < positional.count ? positional[index] : named[name]
  }

  /// A truth value; nil where the argument is absent.
  func truth(_ index: Int, _ name: String) -> Bool? { value(index, name)?.isTrue }

  /// A text; nil where the argument is absent or `none`.
  func string(_ index: Int, _ name: String, _ budget: TemplateBudget) throws(TemplateFault) -> String? {
    guard let value = value(index, name) else { return nil }
    if case .none = value { return nil }
    guard case .string(let text) = value else { throw TemplateFault("argument '\(name)' should be a string") }
    return try budget.plain(text)
  }

  /// A whole number; nil where the argument is absent or `none`.
  func integer(_ index: Int, _ name: String) throws(TemplateFault) -> Int? {
    guard let value = value(index, name) else { return nil }
    if case .none = value { return nil }
    guard let number = value.asInteger else { throw TemplateFault("argument '\(name)' should be a whole number") }
    return number
  }
}
