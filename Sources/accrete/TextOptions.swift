/// Options whose value is any text: a value that begins with a dash is still a value, not an option.
enum TextOptions {
  /// The options' names, over all commands.
  static let names: Set = ["--chat", "--marker", "--prompt", "--rerank-marker", "--system", "--text"]

  /// The arguments, with such values attached to their options: `--text=-5 degrees`.
  ///
  /// The parser's own strategy for this, `unconditional`, acts too late: by then the parser has refused `---`, ended
  /// the options at `--`, or read `-h` in `-how`.
  static func attached(_ arguments: [String]) -> [String] {
    var attached: [String] = []
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      // No option follows the terminator.
      if argument == "--" { return attached + [argument] + rest }
      if names.contains(argument), let text = rest.first, text.hasPrefix("-") {
        attached.append("\(argument)=\(text)")
        rest.removeFirst()
      } else {
        attached.append(argument)
      }
    }
    return attached
  }
}
