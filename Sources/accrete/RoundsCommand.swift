import ArgumentParser
import Foundation
import Trainer

/// The commands that list a run's rounds and compare two runs. They read the runs' folders alone.
struct RoundsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rounds", abstract: "List a run's rounds, or compare two runs.",
    subcommands: [RoundsListCommand.self, RoundsDiffCommand.self], defaultSubcommand: RoundsListCommand.self)
}

/// Prints a run's rounds with their parents, losses and scores.
struct RoundsListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List a run's rounds with their parents, losses and scores.")

  @Argument(help: ArgumentHelp("A run's folder: the output_dir of `accrete train`.", valueName: "run"))
  var folder: String

  @Flag(help: "Print one JSON object.")
  var json = false

  @OptionGroup var device: DeviceOption

  func run() throws {
    let listing = try RunListing(URL(fileURLWithPath: folder))
    if json { return try Console.result(json: listing) }
    try Console.result(lines: RoundsPrinter.lines(of: listing))
  }
}

/// Prints the differences between two runs.
struct RoundsDiffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff", abstract: "Compare two runs: their recipes key by key, their matrices cell by cell.")

  @Argument(help: "A run's folder.")
  var first: String

  @Argument(help: "The run to compare with it: differences are this run's numbers less the first's.")
  var second: String

  @Flag(help: "Print one JSON object.")
  var json = false

  @OptionGroup var device: DeviceOption

  func run() throws {
    let comparison = try RunComparison(
      RunListing(URL(fileURLWithPath: first)), RunListing(URL(fileURLWithPath: second)))
    if json { return try Console.result(json: comparison) }
    try Console.result(lines: RoundsPrinter.lines(of: comparison))
  }
}
