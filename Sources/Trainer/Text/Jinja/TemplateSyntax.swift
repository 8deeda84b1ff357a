/// An expression of a template.
struct TemplateExpression: Sendable {
  indirect enum Kind: Sendable {
    case none
    case boolean(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case list([TemplateExpression])
    case tuple([TemplateExpression])
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
    /// `{% set name | filter %} … {% endset %}`
    case capture(TemplateTarget, [TemplateFilterSyntax], [TemplateStatement])
    /// `{% filter name %} … {% endfilter %}`
    case filtered([TemplateFilterSyntax], [TemplateStatement])
    /// `{% with name = value %} … {% endwith %}`
    case with([(target: TemplateTarget, value: TemplateExpression)], [TemplateStatement])
    case macro(TemplateMacro)
    /// `{% call(parameters) function(…) %} … {% endcall %}`: the body is the macro that the function knows as `caller`.
    case callBlock(TemplateExpression, TemplateCallSyntax, caller: TemplateMacro)
    /// `{% generation %} … {% endgeneration %}`
    case generation([TemplateStatement])
    /// `{% break %}`
    case stop
    /// `{% continue %}`
    case skip
  }

  let kind: Kind
  let line: Int
}

/// A filter as a `filter` or `set` block names it.
struct TemplateFilterSyntax: Sendable {
  let name: String
  let call: TemplateCallSyntax
}

/// A `for` block.
struct TemplateLoopSyntax: Sendable {
  let target: TemplateTarget
  let iterable: TemplateExpression
  /// `for … if filter`
  let filter: TemplateExpression?
  /// True for `for … recursive`, whose body may call `loop(items)`.
  let isRecursive: Bool
  let body: [TemplateStatement]
  let otherwise: [TemplateStatement]
}

/// Target of a `set` or a `for`.
indirect enum TemplateTarget: Sendable {
  case name(String)
  /// `namespace.name`
  case attribute(String, String)
  /// `a, (b, c)`
  case tuple([TemplateTarget])
}

/// A macro as written, or the body of a `call` block.
struct TemplateMacro: Sendable {
  let name: String
  let parameters: [(name: String, fallback: TemplateExpression?)]
  let body: [TemplateStatement]
  /// Names among `caller`, `varargs` and `kwargs` that the body reads, and the call therefore gives.
  let extras: Set<String>
}
