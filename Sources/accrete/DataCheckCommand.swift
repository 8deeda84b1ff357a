import ArgumentParser
import Foundation
import Trainer

/// Checks a recipe's data before a run. Needs the base's tokenizer, but neither its weights nor a device.
struct DataCheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Say what of a recipe's data would spoil the run: shares, copies, leaks, cuts, …",
    discussion:
      "Ends with 0 where nothing would spoil the run; notes may remain. Ends with 65 after a warning or a fault.")

  @Argument(help: "The recipe, a YAML file.")
  var recipe: String

  @Argument(help: "Values that win over the recipe's: key=value, with dots for inner keys.")
  var overrides: [String] = []

  @Flag(help: "Print one JSON object.")
  var json = false

  @OptionGroup var device: DeviceOption

  func run() throws {
    let recipe = try Recipe.load(URL(fileURLWithPath: recipe), overrides: overrides)
    let text = try TextEncoding(recipe)
    text.notes.forEach(Console.note)
    let check = try DataCheck(recipe, text: text)
    if json { try Console.result(json: check) } else { try Console.result(lines: DataCheckPrinter.lines(of: check)) }
    if check.isSpoilt { throw ExitCode(65) }
  }
}
