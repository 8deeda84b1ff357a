import ArgumentParser
import Foundation
import Trainer

/// The commands on a recipe's datasets.
struct DataCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data", abstract: "Look at a recipe's datasets.",
    subcommands: [DataShowCommand.self, DataCheckCommand.self])
}

/// Prints rows as the model sees them. Needs the base's tokenizer, but neither its weights nor a device.
struct DataShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show rows as the model sees them: tokens, mask, template, where they are cut.")

  @Argument(help: "The recipe, a YAML file.")
  var recipe: String

  @Argument(help: "Values that win over the recipe's: key=value, with dots for inner keys.")
  var overrides: [String] = []

  @Option(help: "Only this round's dataset.")
  var round: String?

  @Option(help: "How many of each dataset's first rows to show.")
  var rows = 3

  @Flag(help: "Show the held-out rows in place of those that train.")
  var valid = false

  @Flag(help: "Print one JSON object.")
  var json = false

  @OptionGroup var device: DeviceOption

  func validate() throws {
    guard rows >= 0 else { throw ValidationError("--rows must be at least 0") }
  }

  private struct Result: Encodable {
    let datasets: [DatasetInspection]
    let leaks: [LeakReport]
  }

  func run() throws {
    let recipe = try Recipe.load(URL(fileURLWithPath: recipe), overrides: overrides)
    let chosen = recipe.rounds.filter { round == nil || $0.name == round }
    guard !chosen.isEmpty else {
      throw Failure.BadInput(
        description:
          "--round \(round ?? ""): the recipe's rounds are \(recipe.rounds.map(\.name).joined(separator: ", "))")
    }
    let text = try TextEncoding(recipe)
    text.notes.forEach(Console.note)
    try text.checkLengths(of: recipe)
    let printer = DatasetPrinter(isTerminal: StandardStream.output.isTerminal)
    // Held-out rows go first, whichever are shown: `LeakCheck` compares each training row with them.
    var leakCheck = LeakCheck()
    var inspections: [DatasetInspection] = []
    var lines: [StyledLine] = []
    var notes: Set<String> = []
    var forms: [(name: String, form: CompletionForm?)] = []
    for isHeldOut in [true, false] {
      for round in chosen {
        let check = { (row: EncodedRow) in
          isHeldOut
            ? leakCheck.holdOut(row.row, at: row.place, of: round.name)
            : leakCheck.train(row.row, at: row.place, of: round.name)
        }
        let shown = isHeldOut == valid
        let inspection = try round.inspect(
          text, seed: recipe.seed, heldOut: isHeldOut, rows: shown ? rows : 0, also: check)
        let path = (isHeldOut && round.split == nil ? round.valid : round.train)?.path ?? ""
        let remarks = inspection?.remarks
        for note in [remarks?.note(of: path), remarks?.emptiness] {
          if let note, notes.insert(note).inserted { Console.note(note) }
        }
        if !isHeldOut { forms.append((round.name, remarks?.completionForm)) }
        guard shown else { continue }
        guard let inspection else {
          Console.note("round \(round.name) has no held-out rows: neither valid nor split")
          continue
        }
        inspections.append(inspection)
        lines += printer.lines(of: inspection, round: round)
      }
    }
    askingNotes(text.tokenizer, rounds: forms).forEach(Console.note)
    let leaks = leakCheck.reports(allowed: recipe.allowLeaks)
    if json { return try Console.result(json: Result(datasets: inspections, leaks: leaks)) }
    if inspections.contains(where: { !$0.samples.isEmpty }) { try Console.result(styled: printer.legend) }
    for line in lines { try Console.result(styled: line) }
    try Console.result("")
    try Console.result(lines: leaks.isEmpty ? ["leaks: none"] : leaks.lines)
  }
}
