import ArgumentParser
import Trainer

/// `--reverse` and how reversed text is made; shared by `generate` and `score`.
struct ReverseOptions: ParsableArguments {
  @Flag(help: "The model is one of reversed text: the text is turned round for it, and its answer turned round again.")
  var reverse = false

  @Option(help: "What keeps its inner order: \(ReverseText.Unit.allCases.map(\.rawValue).joined(separator: ", ")).")
  var reverseUnit: ReverseText.Unit?

  @Option(help: "What reversed rows began with in training: objective.marker.")
  var marker: String?

  func validate() throws {
    guard reverse || (reverseUnit == nil && marker == nil) else {
      throw ValidationError("--reverse-unit and --marker need --reverse")
    }
  }

  func text(_ tokenizer: any Tokenizer) throws -> ReverseText {
    try ReverseText(tokenizer, unit: reverseUnit, marker: marker, option: "--marker")
  }
}

extension ReverseText {
  /// A reversal by these options; by token where `unit` is nil. Throws `Failure.BadInput` where the marker does not
  /// fit.
  init(_ tokenizer: any Tokenizer, unit: Unit?, marker: String?, option: String) throws {
    do throws(RowEncoder.Fault) {
      try self.init(tokenizer: tokenizer, unit: unit ?? .token, marker: marker)
    } catch {
      throw Failure.BadInput(description: "\(option): \(error.message)")
    }
  }
}

extension ReverseText.Unit: ExpressibleByArgument {}
