/// A value that holds others and may come to hold itself: the interpreter empties each at its end, since one that holds
/// itself would leak, and freeing a long chain of them would overflow the stack.
protocol TemplateReference: AnyObject {
  /// Lets go of all values that this one holds.
  func release()
}

/// Jinja's `namespace`: the one value that a template can change from within a loop.
final class TemplateNamespace: TemplateReference {
  /// Values by their names.
  private(set) var values: TemplateDictionary

  init(_ values: TemplateDictionary) throws(TemplateFault) {
    self.values = values
    for entry in values.entries { try Self.check(entry.key) }
  }

  /// Writes a value under a name.
  func set(_ name: String, to value: TemplateValue, _ budget: TemplateBudget) throws(TemplateFault) {
    try Self.check(name)
    try budget.spend(lookupOf: name, among: values.entries.count)
    values[name] = value
  }

  /// Refuses names that transformers refuses.
  private static func check(_ name: String) throws(TemplateFault) {
    guard !name.hasPrefix("_") else {
      throw TemplateFault("a namespace's '\(name)' begins with an underscore: name it otherwise")
    }
  }

  func release() { values = TemplateDictionary() }
}

/// A macro with the variables of the blocks that it is written in.
final class TemplateClosure: TemplateReference {
  /// The macro as written.
  let macro: TemplateMacro
  /// Scopes between the template's own and the macro's.
  private(set) var scopes: [[String: TemplateValue]]

  init(_ macro: TemplateMacro, scopes: [[String: TemplateValue]]) {
    self.macro = macro
    self.scopes = scopes
  }

  func release() { scopes = [] }
}

/// Progress of a loop: the variable `loop`.
final class TemplateLoopState: TemplateReference {
  /// Items that the loop goes through.
  private(set) var items: [TemplateValue]
  /// Place of the iteration's item, from 0.
  var index = 0
  /// Loops of the same `for` that this one runs within by `loop(…)`.
  let depth: Int
  /// The loop that `loop(…)` runs again; nil where it is not `recursive`.
  let syntax: TemplateLoopSyntax?
  /// Scopes that the loop stands in, for `loop(…)`.
  private(set) var scopes: [[String: TemplateValue]]
  /// Values that `loop.changed` was given last; nil before.
  var lastValues: [TemplateValue]?

  init(
    items: [TemplateValue], depth: Int = 0, syntax: TemplateLoopSyntax? = nil, scopes: [[String: TemplateValue]] = []
  ) {
    self.items = items
    self.depth = depth
    self.syntax = syntax
    self.scopes = scopes
  }

  func release() { (items, scopes, lastValues) = ([], [], nil) }

  /// An attribute of the variable `loop`.
  subscript(name: String) -> TemplateValue? {
    switch name {
    case "index": .integer(index + 1)
    case "index0": .integer(index)
    case "revindex": .integer(items.count - index)
    case "revindex0": .integer(items.count - index - 1)
    case "first": .boolean(index == 0)
    case "last": .boolean(index == items.count - 1)
    case "length": .integer(items.count)
    case "depth": .integer(depth + 1)
    case "depth0": .integer(depth)
    case "previtem": index > 0 ? items[index - 1] : nil
    case "nextitem": index + 1 < items.count ? items[index + 1] : nil
    case "cycle": .function(.cycle(self))
    case "changed": .function(.changed(self))
    default: nil
    }
  }
}

/// A value that can be called.
enum TemplateFunction {
  /// One of the functions that every template has.
  case builtin(String)
  case macro(TemplateClosure)
  /// A method of a string, list or mapping.
  case method(TemplateValue, String)
  /// `loop.cycle`
  case cycle(TemplateLoopState)
  /// `loop.changed`
  case changed(TemplateLoopState)
}
