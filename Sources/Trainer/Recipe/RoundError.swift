/// A reason for which a run stops before its end.
package enum RoundError: Error, CustomStringConvertible {
  /// The gate: a round harmed an earlier dataset more than `max_forgetting`.
  case refused(round: String, dataset: String, nats: Double, limit: Double, kept: String)
  /// The loss or gradient was not finite in several steps in a row, or in all steps of a round.
  case lossNotFinite(round: String, step: Int, steps: Int, rows: String)
  /// The round's model is useless: its weights, or its loss on rows that had a finite one before, are not finite.
  case modelNotFinite(round: String, problem: String)
  /// The plan needs more memory than the device has; `changes` of the recipe would make it fit.
  case doesNotFit(needed: Int, available: Int, device: String, largest: String, changes: [String])
  /// The output folder holds another run, or files that are no run.
  case outputTaken(folder: String, found: String)
  /// Another process, `holder`, uses the output folder.
  case inUse(folder: String, holder: String)
  /// The output folder holds ended rounds, and no checkpoint to continue from.
  case checkpointMissing(folder: String, rounds: [String])
  /// A key of the recipe does not suit the model or the data.
  case unsuitable(key: String, problem: String, remedy: String)
  /// A signal came in a round, and the run is saved and can be resumed.
  case interrupted(signal: Int32, round: String, step: Int)
  /// A signal came before there was anything to save, or the driver failed after it with `failure`.
  case stopped(signal: Int32, failure: String?)

  package var description: String {
    switch self {
    case .refused(let round, let dataset, let nats, let limit, let kept):
      "round \(round) is refused: \(dataset) lost \(Self.format(nats)) nats against its best, max_forgetting allows "
        + "\(Self.format(limit)); its model is kept in \(kept), and the round before stays the last"
    case .lossNotFinite(let round, let step, let steps, let rows):
      "round \(round), step \(step): loss or gradient is not finite "
        + (steps == 1 ? "in the round's only step" : "in \(steps) steps in a row")
        + "; the weights are those before; the last of these steps read \(rows); "
        + "lower learning_rate or mend the rows, then continue with --resume"
    case .modelNotFinite(let round, let problem):
      "round \(round): its model computes nothing and is not kept: \(problem); lower learning_rate or mend the rows, "
        + "then continue with --resume (and --accept for what changed), which takes the round from its beginning"
    case .doesNotFit(let needed, let available, let device, let largest, let changes):
      "the run needs \(Self.gibibytes(needed)) GiB, \(device) has \(Self.gibibytes(available)) (\(largest)); "
        + (changes.isEmpty ? "choose a smaller model or another device" : "set \(changes.joined(separator: "; or "))")
    case .outputTaken(let folder, let found):
      "output_dir \(folder) already holds \(found); continue it with --resume, or choose another output_dir"
    case .inUse(let folder, let holder):
      "output_dir \(folder) is in use by \(holder); wait until that has ended, end it, or choose another output_dir"
    case .checkpointMissing(let folder, let rounds):
      "output_dir \(folder) holds \(rounds.joined(separator: ", ")) in rounds/ and no checkpoint to go on from, so "
        + "nothing is written over them; restore \(folder)/checkpoint, or go on from a round's model in a recipe of its "
        + "own (base: {model: \(folder)/rounds/\(rounds.last ?? "final")}, another output_dir)"
    case .unsuitable(let key, let problem, let remedy):
      "\(key): \(problem); \(remedy)"
    case .interrupted(let signal, let round, let step):
      "signal \(signal) in round \(round) after step \(step): the run is saved up to there; continue with --resume"
    case .stopped(let signal, nil):
      "signal \(signal) while the run was opened: nothing was trained since its last checkpoint; continue with --resume"
    case .stopped(let signal, let failure?):
      "signal \(signal) while the device worked (\(failure)): the run is saved up to its last checkpoint; "
        + "continue with --resume"
    }
  }

  /// The process's exit code.
  package var exitCode: Int32 {
    switch self {
    case .refused: 3
    case .lossNotFinite, .modelNotFinite: 4
    case .doesNotFit: 5
    case .outputTaken, .checkpointMissing, .unsuitable: 65
    // No fault of the recipe: the folder is free once the other process has ended.
    case .inUse: 74
    case .interrupted(let signal, _, _), .stopped(let signal, _): 128 + signal
    }
  }

  static func unknownPreset(_ name: String) -> RoundError {
    let names = LlamaConfiguration.presetNames
    let nearest = EditDistance.nearest(to: name, among: names).map { "the nearest is \($0) of " } ?? ""
    return .unsuitable(
      key: "preset", problem: "there is no preset '\(name)'", remedy: nearest + names.joined(separator: ", "))
  }

  private static func format(_ value: Double) -> String { String((value * 1000).rounded() / 1000) }

  private static func gibibytes(_ bytes: Int) -> String {
    String((Double(bytes) / 1_073_741_824 * 100).rounded() / 100)
  }
}
