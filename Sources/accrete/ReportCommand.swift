import ArgumentParser
import Foundation
import Trainer

/// Draws the report of a run from its files.
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Draw the report of a run: report.html, its figures as SVG, and TensorBoard event files.",
    discussion: "Reads the run's files alone: it may be under way, or refused. The same files give the same report.")

  @Argument(help: ArgumentHelp("The run's folder: the output_dir of its recipe.", valueName: "run"))
  var folder: String

  @Flag(help: "Print one JSON object: report, figures, tensorboard.")
  var json = false

  func run() throws {
    let files = try RunReport(folder: URL(fileURLWithPath: folder)).write()
    if json { return try Console.result(json: files) }
    try Console.result("report: \(files.report)")
    try Console.result("figures: \(files.figures.count) files in \(folder)/figures")
    try Console.result("tensorboard: tensorboard --logdir \(files.tensorboard)")
  }
}
