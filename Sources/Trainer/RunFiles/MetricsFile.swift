/// metrics.jsonl of a run's folder: one line for each optimiser step.
package typealias MetricsFile = StepLog<MetricsLine>

/// Numbers of one optimiser step, as a line of metrics.jsonl.
package struct MetricsLine: StepLogLine {
  package static let fileName = "metrics.jsonl"

  /// Number of the round, from 1.
  package var round: Int
  /// Name of the round; the round's number where the file has none.
  package var name: String
  /// Number of the optimiser step, from 1 in each round.
  package var step: Int
  /// Mean loss of the step's supervised tokens, in nats; nil where it is not finite.
  package var loss: Double?
  /// Learning rate of the step; NaN where the file has none.
  package var learningRate = Double.nan
  /// Global L2 norm of the gradients before clipping; nil where it is not finite.
  package var gradNorm: Double?
  /// Tokens of the step, without padding.
  package var tokens = 0
  /// Tokens of the step that have a target.
  package var supervisedTokens = 0
  /// Tokens a second, without padding; NaN where the file has none.
  package var tokensPerSecond = Double.nan
  /// Bytes sent to the device for the step.
  package var bytesToDevice = 0
  /// Bytes read back from the device; those of several steps that are read at once count for the last of them.
  package var bytesFromDevice = 0
}

extension MetricsLine {
  private typealias Path<Value> = WritableKeyPath<Self, Value> & Sendable

  /// Kind of a key's value, and the property that takes it.
  private enum Field: Sendable {
    case count(Path<Int>)
    case number(Path<Double>)
    case finiteNumber(Path<Double?>)
    case text(Path<String>)
  }

  /// Every key of a line, for both ways of reading.
  private static let fields: [(key: String, field: Field)] = [
    ("round", .count(\.round)), ("step", .count(\.step)), ("name", .text(\.name)), ("loss", .finiteNumber(\.loss)),
    ("learning_rate", .number(\.learningRate)), ("grad_norm", .finiteNumber(\.gradNorm)),
    ("tokens_per_second", .number(\.tokensPerSecond)), ("tokens", .count(\.tokens)),
    ("supervised_tokens", .count(\.supervisedTokens)), ("bytes_to_device", .count(\.bytesToDevice)),
    ("bytes_from_device", .count(\.bytesFromDevice)),
  ]

  /// Reads a line that the strict parser parsed.
  package init(_ object: RecordObject) throws(FileError) {
    round = try object.required("round")
    step = try object.required("step")
    name = "\(round)"
    for (key, field) in Self.fields {
      switch field {
      case .count(let path): self[keyPath: path] = try object[key] ?? self[keyPath: path]
      case .number(let path): self[keyPath: path] = try object[key] ?? self[keyPath: path]
      case .finiteNumber(let path): self[keyPath: path] = try object[key]
      case .text(let path): self[keyPath: path] = try object[key] ?? self[keyPath: path]
      }
    }
  }

  /// Reads one line, without its line break, in about a microsecond: a long run has hundreds of thousands of lines.
  ///
  /// Takes the lines that a run writes itself: a flat object of numbers, nulls and plain strings. Returns nil for any
  /// other, which the strict parser then reads or names the fault of.
  package init?(plain bytes: UnsafeRawBufferPointer) {
    (round, name, step) = (0, "", 0)
    var (seen, given): (UInt32, UInt32) = (0, 0)
    let isPlain = PlainLine.scan(bytes) { key, value in
      guard let index = Self.fields.firstIndex(where: { $0.key.utf8.elementsEqual(key) }) else { return true }
      let bit: UInt32 = 1 << UInt32(index)
      // A key that occurs twice is a fault, which the strict parser names.
      guard seen & bit == 0 else { return false }
      seen |= bit
      if case .null = value { return true }
      given |= bit
      return take(value, Self.fields[index].field)
    }
    // Round and step, the first two keys, are in every line.
    guard isPlain, given & 3 == 3 else { return nil }
    if given & 4 == 0 { name = "\(round)" }
  }

  /// Takes a key's value; returns false where it is of another kind.
  private mutating func take(_ value: PlainLine.Value, _ field: Field) -> Bool {
    switch (value, field) {
    case (.number(let number), .count(let path)):
      // Beyond 2⁵³, a Double no longer holds each integer.
      guard number == number.rounded(), abs(number) < 9e15 else { return false }
      self[keyPath: path] = Int(number)
    case (.number(let number), .number(let path)): self[keyPath: path] = number
    case (.number(let number), .finiteNumber(let path)): self[keyPath: path] = number
    case (.text(let bytes), .text(let path)):
      guard let text = String(validating: bytes, as: UTF8.self) else { return false }
      self[keyPath: path] = text
    default: return false
    }
    return true
  }
}
