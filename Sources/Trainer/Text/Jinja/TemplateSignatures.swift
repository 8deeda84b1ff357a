/// Parameters of the filters, tests and methods that the interpreter has, by Python's names.
///
/// An argument beyond them is refused: passed over, it would change the text in silence.
enum TemplateSignatures {
  /// Filters, apart from those whose arguments go on to another (`map`, `select`, …, `format`).
  static let filters: [String: [String]] = [
    "abs": [], "batch": ["linecount", "fill_with"], "capitalize": [], "center": ["width"], "count": [],
    "d": ["default_value", "boolean"], "default": ["default_value", "boolean"],
    "dictsort": ["case_sensitive", "by", "reverse"], "e": [], "escape": [], "first": [], "float": ["default"],
    "groupby": ["attribute", "default", "case_sensitive"], "indent": ["width", "first", "blank"],
    "int": ["default", "base"], "items": [], "join": ["d", "attribute"], "last": [], "length": [], "list": [],
    "lower": [], "max": ["case_sensitive", "attribute"], "min": ["case_sensitive", "attribute"],
    "replace": ["old", "new", "count"], "reverse": [], "round": ["precision", "method"], "safe": [],
    "slice": ["slices", "fill_with"], "sort": ["reverse", "case_sensitive", "attribute"], "string": [],
    "sum": ["attribute", "start"], "title": [], "tojson": ["ensure_ascii", "indent", "separators", "sort_keys"],
    "trim": ["chars"], "truncate": ["length", "killwords", "end", "leeway"],
    "unique": ["case_sensitive", "attribute"], "upper": [], "wordcount": [],
  ]

  /// Tests.
  static let tests: [String: [String]] = [
    "boolean": [], "callable": [], "defined": [], "divisibleby": ["num"], "eq": ["b"], "equalto": ["b"], "even": [],
    "false": [], "float": [], "ge": ["b"], "greaterthan": ["b"], "gt": ["b"], "in": ["seq"], "integer": [],
    "iterable": [], "le": ["b"], "lessthan": ["b"], "lower": [], "lt": ["b"], "mapping": [], "ne": ["b"], "none": [],
    "number": [], "odd": [], "sameas": ["other"], "sequence": [], "string": [], "true": [], "undefined": [],
    "upper": [],
  ]

  /// Methods of strings, apart from `format`, whose arguments are the format's own.
  static let stringMethods: [String: [String]] = [
    "capitalize": [], "center": ["width", "fillchar"], "count": ["sub", "start", "end"],
    "endswith": ["suffix", "start", "end"], "find": ["sub", "start", "end"], "format_map": ["mapping"],
    "index": ["sub", "start", "end"], "isalnum": [], "isalpha": [], "isascii": [], "isdecimal": [], "isdigit": [],
    "islower": [], "isnumeric": [], "isspace": [], "isupper": [], "join": ["iterable"],
    "ljust": ["width", "fillchar"], "lower": [], "lstrip": ["chars"], "partition": ["sep"], "removeprefix": ["prefix"],
    "removesuffix": ["suffix"], "replace": ["old", "new", "count"], "rfind": ["sub", "start", "end"],
    "rindex": ["sub", "start", "end"], "rjust": ["width", "fillchar"], "rpartition": ["sep"],
    "rsplit": ["sep", "maxsplit"], "rstrip": ["chars"], "split": ["sep", "maxsplit"], "splitlines": ["keepends"],
    "startswith": ["prefix", "start", "end"], "strip": ["chars"], "swapcase": [], "title": [], "upper": [],
    "zfill": ["width"],
  ]

  /// Methods of mappings.
  static let mappingMethods: [String: [String]] = [
    "copy": [], "get": ["key", "default"], "items": [], "keys": [], "values": [],
  ]

  /// Methods of lists and tuples.
  static let listMethods: [String: [String]] = ["copy": [], "count": ["value"], "index": ["value", "start", "stop"]]

  /// Methods that Python's types have beside those above: looked up, they are methods and no keys; called, refused.
  private static let refused: [String: Set<String>] = [
    "string": [
      "casefold", "encode", "expandtabs", "format", "isidentifier", "isprintable", "istitle", "maketrans", "translate",
    ],
    "mapping": ["clear", "fromkeys", "pop", "popitem", "setdefault", "update"],
    "list": ["append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort"],
  ]

  /// True where Python's type of a value has the method.
  static func hasMethod(_ name: String, _ value: TemplateValue) -> Bool {
    switch value {
    case .string: stringMethods[name] != nil || refused["string"]?.contains(name) == true
    case .dictionary: mappingMethods[name] != nil || refused["mapping"]?.contains(name) == true
    case .list: listMethods[name] != nil || refused["list"]?.contains(name) == true
    case .tuple, .group: name == "count" || name == "index"
    default: false
    }
  }

  /// Throws where a call gives arguments that the parameters do not have.
  /// - Parameter function: the function as the error names it.
  static func check(
    _ arguments: TemplateArguments, _ parameters: [String], _ function: String
  ) throws(TemplateFault) {
    guard arguments.positional.count <= parameters.count else {
      throw TemplateFault(
        "\(function) takes at most \(parameters.count) arguments, but is given \(arguments.positional.count)")
    }
    for entry in arguments.named.entries where !parameters.dropFirst(arguments.positional.count).contains(entry.key) {
      throw TemplateFault("\(function) with the argument '\(entry.key)' is not supported")
    }
  }
}
