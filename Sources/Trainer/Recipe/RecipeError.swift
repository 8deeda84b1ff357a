/// What is wrong with a recipe or with an override of it, where, and how to mend it; one line of text.
package struct RecipeError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Where the fault stands: `recipe.yaml:12`, or `override 'seed=x'`.
  package let place: String
  /// What was read there, what was expected, and the remedy.
  package let message: String
  /// The process's exit status: 64 usage, 65 bad recipe, 66 no such recipe.
  package let exitCode: Int32

  package init(place: String, message: String, exitCode: Int32 = 65) {
    self.place = place
    self.message = message
    self.exitCode = exitCode
  }

  package var description: String { "\(place): \(message)" }
}
