/// An expression of a template.
struct TemplateExpression: Sendable {
  indirect enum Kind: Sendable {
    case none
    case boolean(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case list([TemplateExpression])
    case dictionary([(key: TemplateExpression, value: TemplateExpression)])
    case name(String)
    /// `object.name`
    case attribute(TemplateExpression, String)
    /// `object[key]`
    case item(TemplateExpression, TemplateExpression)
    /// `object[start:end:step]`
    case slice(TemplateExpression, TemplateExpression?, TemplateExpression?, TemplateExpression?)
    case call(TemplateExpression, TemplateCallSyntax)
    /// `value | name(…)`
    case filter(TemplateExpression, String, TemplateCallSyntax)
    /// `value is name(…)`
    case test(TemplateExpression, String, TemplateCallSyntax)
    case not(TemplateExpression)
    case negative(TemplateExpression)
    case and(TemplateExpression, TemplateExpression)
    case or(TemplateExpression, TemplateExpression)
    /// `+ - * / // % ** ~`
    case arithmetic(String, TemplateExpression, TemplateExpression)
    /// `a < b <= c`: each comparison with its right side.
    case comparison(TemplateExpression, [(operation: String, right: TemplateExpression)])
    /// `then if condition else otherwise`
    case conditional(TemplateExpression, then: TemplateExpression, otherwise: TemplateExpression?)
  }

  let kind: Kind
  /// Line of the template, from 1.
  let line: Int
}

/// The arguments of a call as written.
struct TemplateCallSyntax: Sendable {
  var positional: [TemplateExpression] = []
  var named: [(name: String, value: TemplateExpression)] = []
}

/// A statement of a template.
struct TemplateStatement: Sendable {
  indirect enum Kind: Sendable {
    case text(String)
    case output(TemplateExpression)
    case condition([(test: TemplateExpression, body: [TemplateStatement])], otherwise: [TemplateStatement])
    case loop(TemplateLoopSyntax)
    case assign(TemplateTarget, TemplateExpression)
    /// `{% set name %} … {% endset %}`
    case capture(TemplateTarget, [TemplateStatement])
    case macro(TemplateMacro)
    /// `{% break %}`
    case stop
    /// `{% continue %}`
    case skip
  }

  let kind: Kind
  let line: Int
}

struct TemplateLoopSyntax: Sendable {
  let variables: [String]
  let iterable: TemplateExpression
  /// `for … if filter`
  let filter: TemplateExpression?
  let body: [TemplateStatement]
  let otherwise: [TemplateStatement]
}

/// Target of a `set`.
enum TemplateTarget: Sendable {
  case name(String)
  /// `namespace.name`
  case attribute(String, String)
}

struct TemplateMacro: Sendable {
  let name: String
  let parameters: [(name: String, fallback: TemplateExpression?)]
  let body: [TemplateStatement]
}
