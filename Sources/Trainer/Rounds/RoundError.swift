/// Why a run stops before its end.
package enum RoundError: Error, CustomStringConvertible {
  /// The gate: a round harmed an earlier dataset more than `max_forgetting`.
  case refused(round: String, dataset: String, nats: Double, limit: Double, kept: String)
  /// Several steps in a row whose loss or gradient was not finite.
  case lossNotFinite(round: String, step: Int, rows: String)
  /// The plan needs more memory than the device has; `changes` of the recipe would make it fit.
  case doesNotFit(needed: Int, available: Int, device: String, largest: String, changes: [String])
  /// The output folder holds another run, or files that are no run.
  case outputTaken(folder: String, found: String)
  /// What the recipe asks for does not suit the model or the data.
  case unsuitable(key: String, problem: String, remedy: String)
  /// A signal came; the run can be resumed.
  case interrupted(signal: Int32, round: String, step: Int)

  package var description: String {
    switch self {
    case .refused(let round, let dataset, let nats, let limit, let kept):
      "round \(round) is refused: \(dataset) lost \(Self.format(nats)) nats against its best, max_forgetting allows "
        + "\(Self.format(limit)); its model is kept in \(kept), and the round before stays the last"
    case .lossNotFinite(let round, let step, let rows):
      "round \(round), step \(step): loss or gradient is not finite for the fifth time in a row; the weights are those "
        + "before; the last of these steps read \(rows); lower learning_rate or mend the rows, then continue with --resume"
    case .doesNotFit(let needed, let available, let device, let largest, let changes):
      "the run needs \(Self.gibibytes(needed)) GiB, \(device) has \(Self.gibibytes(available)) (\(largest)); "
        + (changes.isEmpty ? "choose a smaller model or another device" : "set \(changes.joined(separator: "; or "))")
    case .outputTaken(let folder, let found):
      "output_dir \(folder) already holds \(found); continue it with --resume, or choose another output_dir"
    case .unsuitable(let key, let problem, let remedy):
      "\(key): \(problem); \(remedy)"
    case .interrupted(let signal, let round, let step):
      "signal \(signal) in round \(round) after step \(step): the run is saved up to there; continue with --resume"
    }
  }

  /// Exit code of design.md §5.
  package var exitCode: Int32 {
    switch self {
    case .refused: 3
    case .lossNotFinite: 4
    case .doesNotFit: 5
    case .outputTaken, .unsuitable: 65
    case .interrupted(let signal, _, _): 128 + signal
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
