import Foundation

/// Edition of the recipe format: the meaning of keys that are left out.
///
/// A resolved recipe lists every key of its time. Keys that it lacks came later, and mean for its run what the program
/// did then: a run goes on, branches and takes further rounds under the edition that it was started with.
package enum RecipeEdition: Sendable, Equatable {
  /// Before `template`: prompts and completions were joined as they stand, and the end of a long text was cut.
  case untemplated
  case current

  /// The edition of a resolved recipe.
  init(ofResolved tree: RecipeNode) {
    guard case .mapping(let entries) = tree.content else {
      self = .current
      return
    }
    self = entries.contains { $0.key == Self.templateKey } ? .current : .untemplated
  }

  /// The edition of the run in a folder; the current one where there is no run, or its recipe cannot be read.
  init(ofRunIn folder: URL) {
    let file = folder.appending(path: Recipe.resolvedName)
    guard FileManager.default.fileExists(atPath: file.path), let tree = try? RecipeParsing.tree(of: file) else {
      self = .current
      return
    }
    self.init(ofResolved: tree)
  }

  /// Training settings where no key is given.
  var defaults: TrainingSettings {
    var settings = TrainingSettings()
    if self == .untemplated { (settings.rows.template, settings.rows.splitsTexts) = (.none, false) }
    return settings
  }

  /// True for a key of the top that a resolved recipe of this edition lacks: with the value that it meant then, it is not
  /// written either, so that the run keeps its edition.
  func lacks(_ key: String, in settings: TrainingSettings) -> Bool {
    self == .untemplated && key == Self.templateKey && settings.rows.template == .none
  }

  private static let templateKey = "template"
}
