/// The rows that a dataset's held-out rows and a training set have in common.
package struct LeakReport: Codable, Sendable, Equatable {
  /// The dataset whose rows are held out.
  package let heldOut: String
  /// The dataset whose training rows were searched for them.
  package let training: String
  /// Held-out rows in all.
  package let rows: Int
  /// Held-out rows that stand in the training set, spacing, punctuation and capitals apart.
  package let leaked: Int
  /// Held-out rows at least half of whose runs of eight words stand in the training set; rows that leaked count too.
  package let overlapping: Int
  /// True where the recipe lets the dataset's held-out rows leak (`allow_leaks`).
  package let allowed: Bool
  /// The place of the first leaked row among the held-out rows (`path/valid.jsonl:12`); nil where none leaked.
  package let heldOutPlace: String?
  /// The place of the first leaked row among the training rows; nil where none leaked.
  package let trainingPlace: String?

  package init(
    heldOut: String, training: String, rows: Int, leaked: Int, overlapping: Int, allowed: Bool = false,
    heldOutPlace: String? = nil, trainingPlace: String? = nil
  ) {
    self.heldOut = heldOut
    self.training = training
    self.rows = rows
    self.leaked = leaked
    self.overlapping = overlapping
    self.allowed = allowed
    self.heldOutPlace = heldOutPlace
    self.trainingPlace = trainingPlace
  }

  private enum CodingKeys: CodingKey {
    case heldOut, training, rows, leaked, overlapping, allowed, heldOutPlace, trainingPlace
  }

  /// Writes every key: the places are null where no row leaked.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(heldOut, forKey: .heldOut)
    try container.encode(training, forKey: .training)
    try container.encode(rows, forKey: .rows)
    try container.encode(leaked, forKey: .leaked)
    try container.encode(overlapping, forKey: .overlapping)
    try container.encode(allowed, forKey: .allowed)
    try container.encode(heldOutPlace, forKey: .heldOutPlace)
    try container.encode(trainingPlace, forKey: .trainingPlace)
  }

  /// `2 of 20 held-out rows of qa stand in the training rows of writing (valid.jsonl:12 = train.jsonl:873)`.
  fileprivate var sentence: String {
    var text =
      "\(leaked) of \(rows) held-out rows of \(heldOut) stand in the training rows of "
      + (training == heldOut ? "the same dataset" : training)
    if let heldOutPlace, let trainingPlace { text += " (\(heldOutPlace) = \(trainingPlace))" }
    return text
  }
}

extension [LeakReport] {
  /// The error for rows that leak where the recipe does not allow leaks; nil where no such row leaks.
  package var refusal: RoundError? {
    let refused = filter { $0.leaked > 0 && !$0.allowed }
    guard !refused.isEmpty else { return nil }
    // An error is one line: each dataset is named in the remedy, the first pairs say where to look.
    let shown = refused.prefix(3).map(\.sentence) + (refused.count > 3 ? ["and \(refused.count - 3) more pairs"] : [])
    let names = datasets { $0.leaked > 0 }
    return .unsuitable(
      key: "allow_leaks", problem: shown.joined(separator: ", "),
      remedy: "remove them on one side, or set allow_leaks: [\(names.joined(separator: ", "))]")
  }

  /// A line for each pair whose leak is not refused, and one for each dataset whose held-out rows overlap others.
  package var notes: [String] {
    let allowed = filter { $0.leaked > 0 && $0.allowed }.map { "leak, allowed: " + $0.sentence }
    return allowed + overlaps
  }

  /// A line for each pair that leaks, allowed or not, and one for each dataset whose held-out rows overlap others.
  package var lines: [String] {
    filter { $0.leaked > 0 }.map { "leak\($0.allowed ? ", allowed" : ""): " + $0.sentence } + overlaps
  }

  private var overlaps: [String] {
    datasets { $0.overlapping > 0 }.map { name in
      let pairs = filter { $0.heldOut == name && $0.overlapping > 0 }
      let sets = pairs.map { "\($0.training) (\($0.overlapping))" }.joined(separator: ", ")
      return "overlap: held-out rows of \(name), \(pairs[0].rows) in all, that share half of their "
        + "\(LeakCheck.gramLength)-word runs or more with training rows: \(sets)"
    }
  }

  /// The datasets that hold out the rows of some reports, each once.
  private func datasets(where isMeant: (LeakReport) -> Bool) -> [String] {
    reduce(into: []) { names, report in
      if isMeant(report), !names.contains(report.heldOut) { names.append(report.heldOut) }
    }
  }
}
