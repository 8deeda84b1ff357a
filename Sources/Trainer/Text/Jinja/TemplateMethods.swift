/// Methods of strings, lists and mappings.
struct TemplateMethods {
  let budget: TemplateBudget

  func call(
    _ name: String, on object: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    switch object {
    case .string(let text):
      if name == "format" { return .string(try TemplateBraceFormat(arguments, budget).apply(to: text)) }
      guard let parameters = TemplateSignatures.stringMethods[name] else {
        throw TemplateFault("the string method \(name)() is not supported")
      }
      try TemplateSignatures.check(arguments, parameters, "\(name)()")
      return try TemplateStringMethods(text, budget).call(name, arguments)
    case .dictionary(let dictionary):
      guard let parameters = TemplateSignatures.mappingMethods[name] else {
        throw TemplateFault("the mapping's method \(name)() is not supported: mappings cannot be changed")
      }
      try TemplateSignatures.check(arguments, parameters, "\(name)()")
      return try mapping(name, dictionary, arguments)
    default:
      guard let items = object.elements else { throw TemplateFault("\(object.kindName) has no method \(name)()") }
      guard let parameters = TemplateSignatures.listMethods[name] else {
        throw TemplateFault("the list's method \(name)() is not supported: lists cannot be changed, add two with +")
      }
      try TemplateSignatures.check(arguments, parameters, "\(name)()")
      return try list(name, items, arguments)
    }
  }

  private func mapping(
    _ name: String, _ dictionary: TemplateDictionary, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    switch name {
    case "items":
      try budget.spend(values: 3 * dictionary.entries.count)
      let pairs = TemplateValue.list(zip(dictionary.keys, dictionary.entries).map { .tuple([$0, $1.value]) })
      try pairs.checkLevels(in: budget)
      return pairs
    case "keys": return .list(try TemplateValue.dictionary(dictionary).items(budget))
    case "values":
      try budget.spend(copies: dictionary.entries.count)
      return .list(dictionary.entries.map(\.value))
    case "copy": return .dictionary(dictionary)
    default:
      guard let key = arguments.value(0, "key") else { throw TemplateFault("get() needs a key") }
      let fallback = arguments.value(1, "default") ?? .none
      guard case .string(let text) = key else { return fallback }
      return try dictionary.value(of: try budget.plain(text), budget) ?? fallback
    }
  }

  private func list(
    _ name: String, _ items: [TemplateValue], _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    if name == "copy" { return .list(items) }
    guard let wanted = arguments.value(0, "value") else { throw TemplateFault("\(name)() needs a value") }
    guard name == "index" else {
      var count = 0
      for item in items where try item.equals(wanted, budget) { count += 1 }
      return .integer(count)
    }
    let places = PythonString.sliceIndices(
      count: items.count, start: try arguments.integer(1, "start"), end: try arguments.integer(2, "stop"), step: 1)
    for place in places where try items[place].equals(wanted, budget) { return .integer(place) }
    throw TemplateFault("index() looks for a value that the list does not hold")
  }
}
