/// The options whose value is a text: one that begins with a dash is a text too, never an option.
enum TextOptions {
  /// As they are written on the command line; each command's own are among them.
  static let names: Set = ["--chat", "--marker", "--prompt", "--rerank-marker", "--system", "--text"]

  /// The arguments with such texts attached to their options, `--text=-5 degrees`.
  ///
  /// The parser's own strategy for such options, `unconditional`, comes too late: the parser has then refused `---`,
  /// ended the options at `--`, and found `-h` in `-how`.
  static func attached(_ arguments: [String]) -> [String] {
    var attached: [String] = []
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      // After the terminator there are no options.
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
