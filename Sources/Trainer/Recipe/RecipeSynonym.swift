import Foundation

/// A key of other tools that has another name here, or none.
///
/// Recipes are written by people who know transformers, TRL, PEFT, axolotl, LLaMA-Factory, torchtune, LitGPT or MLX.
/// Their keys stay errors, since nothing is taken in silence; but the error is the line to write.
package struct RecipeSynonym: Sendable {
  /// The mapping that one of our keys stands in, as `KeyTable` names it.
  package enum Place: String, Sendable {
    case run
    case training = "run or round"
    case round
    case columns = "round.columns"
    case base, method, evaluation, union
  }

  /// One of our keys.
  package struct Target: Sendable, Equatable {
    package let place: Place
    package let key: String
  }

  /// One of our keys with its value in YAML.
  struct Setting: Sendable {
    let target: Target
    let value: String

    init(_ place: Place, _ key: String, _ value: String) {
      target = Target(place: place, key: key)
      self.value = value
    }
  }

  /// The advice on a key with its value.
  enum Answer: Sendable {
    /// Our lines that mean the same.
    case write([Setting])
    /// A reason for which nothing has to be written.
    case remove(String)
    /// The value cannot be converted: our keys alone are named.
    case name
  }

  /// The keys' names, in lower case, with "_" for "-".
  package let names: [String]
  /// Our keys that mean the same; empty: there is no counterpart.
  package let targets: [Target]
  /// Returns the advice on a value.
  let answer: @Sendable (RecipeNode) -> Answer

  private init(
    names: String, _ targets: [Target], answer: @escaping @Sendable (RecipeNode) -> Answer
  ) {
    self.names = names.split(separator: " ").map(String.init)
    self.targets = targets
    self.answer = answer
  }

  // MARK: - Kinds of synonyms

  /// Keys of one of our keys' meaning and values; `names` are separated by spaces.
  static func same(_ names: String, _ place: Place, _ key: String) -> RecipeSynonym {
    convert(names, place, key) { $0.isNull ? nil : $0.yaml }
  }

  /// Keys of one of our keys' meaning with values of their own.
  ///
  /// - Parameter convert: returns our value as YAML; nil where there is none.
  static func convert(
    _ names: String, _ place: Place, _ key: String, _ convert: @escaping @Sendable (RecipeNode) -> String?
  ) -> RecipeSynonym {
    RecipeSynonym(names: names, [Target(place: place, key: key)]) { node in
      convert(node).map { .write([Setting(place, key, $0)]) } ?? .name
    }
  }

  /// Keys that are true or false.
  static func flag(_ names: String, on: [Setting], off: Answer) -> RecipeSynonym {
    RecipeSynonym(names: names, on.map(\.target)) { node in
      switch node.truth {
      case true?: .write(on)
      case false?: off
      case nil: .name
      }
    }
  }

  /// Keys whose values decide which of our keys are meant.
  static func choose(
    _ names: String, _ targets: [(Place, String)], _ answer: @escaping @Sendable (RecipeNode) -> Answer
  ) -> RecipeSynonym {
    RecipeSynonym(names: names, targets.map { Target(place: $0.0, key: $0.1) }, answer: answer)
  }

  /// Keys without a counterpart.
  static func none(_ names: String, _ reason: String) -> RecipeSynonym {
    RecipeSynonym(names: names, []) { _ in .remove(reason) }
  }

  // MARK: - Look-up

  private static let byName = Dictionary(
    all.flatMap { synonym in synonym.names.map { ($0, synonym) } }
  ) { first, _ in first }

  /// The synonym that bears a name; upper case and "-" do not matter.
  package static func named(_ name: String) -> RecipeSynonym? {
    byName[name.lowercased().replacing("-", with: "_")]
  }

  /// The reason for which a word has no counterpart here; nil for a word that has one, or that is not known.
  package static func reasonForNone(_ word: String) -> String? {
    guard let synonym = named(word), synonym.targets.isEmpty,
      case .remove(let reason) = synonym.answer(RecipeNode(content: .scalar("", isPlain: true), place: ""))
    else { return nil }
    return reason
  }
}

extension RecipeNode {
  /// The value as YAML in one line, short enough for an error.
  var yaml: String {
    let line = wholeYAML.split(whereSeparator: \.isNewline).joined(separator: " ")
    return line.count > 120 ? line.prefix(120) + "…" : line
  }

  private var wholeYAML: String {
    switch content {
    case .scalar(let text, isPlain: true):
      // YAML 1.1 asks for a point before an exponent.
      guard let e = text.firstIndex(where: { "eE".contains($0) }), Double(text) != nil, !text.contains(".") else {
        return isNull ? "null" : text
      }
      return text[..<e] + ".0" + text[e...]
    case .scalar(let text, isPlain: false): return SettingValue.text(text).yaml
    case .sequence(let items): return "[" + items.map { $0.wholeYAML }.joined(separator: ", ") + "]"
    case .mapping(let entries):
      return "{" + entries.map { "\($0.key): \($0.value.wholeYAML)" }.joined(separator: ", ") + "}"
    }
  }

  /// The number of a plain scalar.
  var number: Double? {
    guard case .scalar(let text, isPlain: true) = content, let value = Double(text), value.isFinite else { return nil }
    return value
  }

  /// The truth value of a plain scalar, in any of YAML 1.1's spellings and as 0 or 1.
  var truth: Bool? {
    guard case .scalar(let text, isPlain: true) = content else { return nil }
    switch text.lowercased() {
    case "true", "yes", "on", "1": return true
    case "false", "no", "off", "0", "", "~", "null": return false
    default: return nil
    }
  }

  /// The word of a scalar in lower case, without the name of a Python module before it; nil for lists and mappings.
  var word: String? {
    text?.lowercased().replacing("torch.", with: "").replacing("optim.", with: "")
  }

  /// The value of a mapping's key.
  func member(_ key: String) -> RecipeNode? {
    guard case .mapping(let entries) = content else { return nil }
    return entries.first { $0.key == key }?.value
  }
}
