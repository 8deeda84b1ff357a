import Foundation

/// Chat template that a recipe gives its base (`base.chat_template`).
package enum RecipeChatTemplate: Sendable, Equatable {
  case builtin(BuiltinTemplate)
  /// A file of Jinja.
  case file(URL)

  /// The ending of a template's file.
  private static let ending = ".jinja"

  /// The name, or the file's path, as messages show it.
  package var shown: String {
    switch self {
    case .builtin(let template): template.rawValue
    case .file(let url): url.path
    }
  }

  /// The form of `chat_template`.
  static let form: KeyForm<RecipeChatTemplate> = {
    let names = BuiltinTemplate.allCases.map(\.rawValue).joined(separator: ", ")
    let words = "one of \(names), or the path of a \(ending) file"
    return KeyForm(words: words) { reader, key, _ throws(RecipeError) in
      guard let node = reader.node(key) else { throw reader.missing(key, remedy: "give \(words)") }
      if let text = node.text, let template = BuiltinTemplate(rawValue: text) { return .builtin(template) }
      guard node.text?.hasSuffix(ending) == true else { throw reader.error(key, node, allowed: words) }
      return .file(try KeyForm<URL>.path.read(reader, key, nil))
    } write: {
      switch $0 {
      case .builtin(let template): .word(template.rawValue)
      case .file(let url): KeyForm<URL>.path.write(url)
      }
    }
  }()
}
