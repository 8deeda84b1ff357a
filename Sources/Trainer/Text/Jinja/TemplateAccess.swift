/// Attributes and items of values, looked up in Jinja's order.
struct TemplateAccess {
  let budget: TemplateBudget

  /// `object.name`: a method of the value's type, or else the item of that name.
  func attribute(_ name: String, of object: TemplateValue) throws(TemplateFault) -> TemplateValue {
    if TemplateSignatures.hasMethod(name, object) { return .function(.method(object, name)) }
    return try named(name, of: object) ?? .undefined(name)
  }

  /// `object[key]`: an item, or else the attribute of that name.
  func item(_ key: TemplateValue, of object: TemplateValue) throws(TemplateFault) -> TemplateValue {
    switch key {
    case .string(let key):
      let name = try budget.plain(key)
      if let value = try named(name, of: object) { return value }
      return TemplateSignatures.hasMethod(name, object) ? .function(.method(object, name)) : .undefined(name)
    default:
      guard let index = key.asInteger else {
        if case .undefined(let missing) = object { throw TemplateFault("'\(missing)' is undefined and has no items") }
        return .undefined("an item of \(object.kindName)")
      }
      return try item(index, of: object)
    }
  }

  private func item(_ index: Int, of object: TemplateValue) throws(TemplateFault) -> TemplateValue {
    if let items = object.elements {
      let place = index < 0 ? index + items.count : index
      return items.indices.contains(place) ? items[place] : .undefined("item \(index)")
    }
    switch object {
    case .string(let text):
      let scalars = try budget.plain(text).unicodeScalars
      let place = index < 0 ? index + scalars.count : index
      guard (0..<scalars.count).contains(place) else { return .undefined("character \(index)") }
      return .string(text.derived(String(scalars[scalars.index(scalars.startIndex, offsetBy: place)])))
    case .undefined(let missing): throw TemplateFault("'\(missing)' is undefined and has no items")
    default: return .undefined("an item of \(object.kindName)")
    }
  }

  /// The value that an object holds under a name; nil where it holds none.
  private func named(_ name: String, of object: TemplateValue) throws(TemplateFault) -> TemplateValue? {
    switch object {
    case .dictionary(let dictionary): return try dictionary.value(of: name, budget)
    case .namespace(let namespace): return try namespace.values.value(of: name, budget)
    case .loop(let state): return state[name]
    case .group(let key, let items):
      switch name {
      case "grouper": return key
      case "list": return .list(items)
      default: return nil
      }
    case .undefined(let missing): throw TemplateFault("'\(missing)' is undefined and has no '\(name)'")
    default: return nil
    }
  }

  /// `object[start:end:step]`
  func slice(
    _ object: TemplateValue, _ start: Int?, _ end: Int?, _ step: Int?
  ) throws(TemplateFault) -> TemplateValue {
    guard step != 0 else { throw TemplateFault("a slice's step is 0") }
    func indices(_ count: Int) -> StrideTo<Int> {
      PythonString.sliceIndices(count: count, start: start, end: end, step: step ?? 1)
    }
    if let items = object.elements {
      try budget.spend(copies: items.count)
      let part = indices(items.count).map { items[$0] }
      if case .list = object { return .list(part) }
      return .tuple(part)
    }
    guard case .string(let text) = object else { throw TemplateFault("\(object.kindName) cannot be sliced") }
    let plain = try budget.plain(text)
    // Four bytes for each code point, to find it by index, and one for the new text.
    try budget.spend(bytes: plain.utf8.count, times: 5)
    let scalars = Array(plain.unicodeScalars)
    return .string(text.derived(String(String.UnicodeScalarView(indices(scalars.count).map { scalars[$0] }))))
  }
}

/// The `attribute=` of a filter: a key, a place, or several with dots between.
struct TemplateAttributePath {
  private var parts: [TemplateValue] = []
  private let fallback: TemplateValue?

  /// The path that a filter's argument names; with nil or `none` an item stands for itself.
  /// - Parameter fallback: value of an attribute that is missing; nil: it is undefined.
  init(_ attribute: TemplateValue?, fallback: TemplateValue? = nil, _ budget: TemplateBudget) throws(TemplateFault) {
    if case TemplateValue.none? = fallback { self.fallback = nil } else { self.fallback = fallback }
    switch attribute {
    case nil, TemplateValue.none?: break
    case .integer(let place)?: parts = [.integer(place)]
    case .string(let text)?:
      parts = try PythonString.split(try budget.plain(text), separator: ".", budget).map { part in
        Int(part).map { .integer($0) } ?? .text(part)
      }
    case let other?: throw TemplateFault("an attribute is named by a string, not by \(other.kindName)")
    }
  }

  /// The value at the path within an item.
  func value(of item: TemplateValue, _ budget: TemplateBudget) throws(TemplateFault) -> TemplateValue {
    var value = item
    for part in parts {
      try budget.spend(steps: 1)
      value = try TemplateAccess(budget: budget).item(part, of: value)
      if case .undefined = value, let fallback { value = fallback }
    }
    return value
  }
}
