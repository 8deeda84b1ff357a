/// A fault of a recipe or of an override: its place, the fault and the remedy, in one line of text.
package struct RecipeError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Place of the fault: `recipe.yaml:12`, or `override 'seed=x'`.
  package let place: String
  /// The value read, the value expected, and the remedy.
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
