import ArgumentParser
import Foundation
import Trainer

/// The compounding rounds of a recipe.
struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Train the compounding rounds of a recipe.")

  @Argument(help: "The recipe, a YAML file.")
  var recipe: String

  @Argument(help: "Values that win over the recipe's: key=value, with dots for inner keys.")
  var overrides: [String] = []

  @Flag(help: "Go on from the run's checkpoint; without one, start.")
  var resume = false

  @Option(
    help: "A key of the recipe, or of a file of rows, that may have changed since the run was started; repeatable.")
  var accept: [String] = []

  @Option(help: "Take the rounds from --from-round on again, as a branch of this name in the run's folder.")
  var branch: String?

  @Option(help: "The first round of the branch, from 1.")
  var fromRound: Int?

  @Option(help: "Write each micro-batch as a line of JSON: token ids, targets, and where each sample starts and ends.")
  var writeBatches: String?

  @Flag(help: "Measure the device time of each kernel, and print it at the end.")
  var profile = false

  @Flag(help: "Print one JSON object at the end.")
  var json = false

  @OptionGroup var device: DeviceOption

  func validate() throws {
    guard accept.isEmpty || resume else { throw ValidationError("--accept needs --resume") }
    guard (branch == nil) == (fromRound == nil) else {
      throw ValidationError("--branch and --from-round belong together")
    }
  }

  func run() throws {
    Interruption.listen()
    do { try train() } catch { throw Interruption.cause(of: error) }
  }

  private func train() throws {
    let progress = ProgressDisplay()
    var recipe = try Recipe.load(URL(fileURLWithPath: recipe), overrides: overrides)
    let lock: RunLock?
    if let branch, let fromRound {
      (recipe, lock) = try RunBranch(of: recipe, name: branch, fromRound: fromRound)
        .prepare(resuming: resume, note: progress.note)
    } else {
      lock = try RunFolder(recipe.outputDirectory).claim(resuming: resume, note: progress.note)
    }
    let folder = RunFolder(recipe.outputDirectory)
    let executor = try device.makeExecutor(
      recipe: recipe.device, operands: recipe.precision.operands, profiling: profile,
      recorded: resume || branch != nil ? RunCheckpoint(folder.checkpoint).recordedTuning() : nil)
    var observer = RunObserver(note: progress.note, step: progress.step)
    if let writeBatches { observer.batch = try BatchWriter(URL(fileURLWithPath: writeBatches)).write }
    observer.roundEnded = { try RunReport(folder: folder.url).write() }
    let run = try CompoundingRun(recipe, executor: executor, observer: observer, lock: lock)
    let summary = try run.run(resuming: resume || branch != nil, accepting: accept)
    if profile { try ProfilePrinter.print(executor) }
    if json {
      try Console.result(json: summary)
    } else {
      try Console.result(text: summary.transfer.table)
      try Console.result("models: \(summary.outputDir)/rounds, the last: \(summary.outputDir)/rounds/final")
    }
  }
}

/// A progress bar on a terminal, a line for each logged step elsewhere; both on stderr.
final class ProgressDisplay {
  private let bar = ProgressBar()

  func note(_ line: String) {
    bar.end()
    Console.note(line)
  }

  func step(_ line: MetricsLine, totalSteps: Int) {
    let loss = line.loss.map(TransferFile.format) ?? "not finite"
    let norm = line.gradNorm.map(TransferFile.format) ?? "not finite"
    let numbers = "loss \(loss)  norm \(norm)  lr \(line.learningRate)  \(line.tokensPerSecond) tokens/s"
    guard bar.isTerminal else {
      return Console.note("round \(line.round) \(line.name)  step \(line.step)/\(totalSteps)  \(numbers)")
    }
    bar.draw(line.name, line.step, of: totalSteps, "\(line.step)/\(totalSteps)  \(numbers)")
  }
}
