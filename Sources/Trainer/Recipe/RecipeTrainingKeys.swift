/// One training key: its name, how it is read into the settings, and how the resolved recipe writes it.
///
/// The list below is the only place that knows the keys: what may stand in a recipe is exactly what is read and what is
/// written again.
package struct TrainingKey: Sendable {
  package let name: String
  /// Reads the key, where it is given, into the settings.
  let read: @Sendable (RecipeReader, inout TrainingSettings) throws(RecipeError) -> Void
  /// The value as YAML; nil: the key is not in use.
  package let write: @Sendable (TrainingSettings) -> String?
}

extension TrainingKey {
  /// Most steps, rows or tokens that a key may ask for: sums and products of a few of them still fit 64 bits.
  private static let countLimit = 1_000_000_000

  package static let all: [TrainingKey] = [
    .count("sequence_length", \.sequenceLength, in: 2...(1 << 24)),
    .flag("packing", \.packing),
    .flag("shuffle", \.shuffle),
    .count("per_device_train_batch_size", \.perDeviceTrainBatchSize, in: 1...(1 << 20)),
    .count("gradient_accumulation_steps", \.gradientAccumulationSteps, in: 1...(1 << 20)),
    maxSteps, epochs,
    .number("learning_rate", \.learningRate, allowed: "a number from 0 to 1") { (0...1).contains($0) },
    scheduler,
    .count("warmup_steps", \.warmupSteps, in: 0...countLimit),
    .number("min_lr_ratio", \.minLearningRateRatio, allowed: "a number from 0 to 1") { (0...1).contains($0) },
    .number("weight_decay", \.weightDecay, allowed: "a number from 0 to 1") { (0...1).contains($0) },
    .number("adam_beta1", \.adamBeta1, allowed: "a number from 0 to below 1") { (0..<1).contains($0) },
    .number("adam_beta2", \.adamBeta2, allowed: "a number from 0 to below 1") { (0..<1).contains($0) },
    .number("adam_epsilon", \.adamEpsilon, allowed: "a number above 0, to 1") { $0 > 0 && $0 <= 1 },
    .number("max_grad_norm", \.maxGradNorm, allowed: "a number from 0 up (0 clips nothing)") { $0 >= 0 },
    objective, union,
    .count("logging_steps", \.loggingSteps, in: 1...countLimit),
    .count("save_steps", \.saveSteps, in: 1...countLimit),
    optionalCount("eval_steps", \.evalSteps), optionalCount("early_stopping_patience", \.earlyStoppingPatience),
    .number("early_stopping_threshold", \.earlyStoppingThreshold, allowed: "nats from 0 up") { $0 >= 0 },
    .flag("load_best_model_at_end", \.loadBestModelAtEnd),
    maxForgetting,
  ]

  /// Keys of the two mappings among the training keys, for the advice on a key that stands at the wrong level.
  package static let nested = [
    "forward": "objective", "reverse": "objective", "unit": "objective", "longest_segment": "objective",
    "marker": "objective",
    "sampling": "union", "temperature": "union", "weights": "union", "replay_fraction": "union", "examples": "union",
    "base_replay": "union",
  ]

  private typealias Field<Value> = WritableKeyPath<TrainingSettings, Value> & Sendable

  private static func count(_ name: String, _ field: Field<Int>, in range: ClosedRange<Int>) -> TrainingKey {
    TrainingKey(name: name) { reader, settings throws(RecipeError) in
      if let value = try reader.integer(name, in: range) { settings[keyPath: field] = value }
    } write: {
      String($0[keyPath: field])
    }
  }

  private static func flag(_ name: String, _ field: Field<Bool>) -> TrainingKey {
    TrainingKey(name: name) { reader, settings throws(RecipeError) in
      if let value = try reader.boolean(name) { settings[keyPath: field] = value }
    } write: {
      String($0[keyPath: field])
    }
  }

  private static func number(
    _ name: String, _ field: Field<Double>, allowed: String, where isAllowed: @escaping @Sendable (Double) -> Bool
  ) -> TrainingKey {
    TrainingKey(name: name) { reader, settings throws(RecipeError) in
      if let value = try reader.number(name, allowed: allowed, where: isAllowed) { settings[keyPath: field] = value }
    } write: {
      RecipeYAML.number($0[keyPath: field])
    }
  }

  // MARK: - Keys with rules of their own

  private static let maxSteps = TrainingKey(name: "max_steps") { reader, settings throws(RecipeError) in
    guard let node = reader.node("max_steps") else { return }
    let other = reader.node("num_train_epochs")
    if node.isNull, let other, !other.isNull { return }
    if let other, !other.isNull {
      throw RecipeError(
        place: other.place, message: "max_steps and num_train_epochs are both given: keep the one that is meant")
    }
    if let steps = try reader.integer("max_steps", in: 1...countLimit) { settings.duration = .steps(steps) }
  } write: {
    guard case .steps(let steps) = $0.duration else { return nil }
    return String(steps)
  }

  private static let epochs = TrainingKey(name: "num_train_epochs") { reader, settings throws(RecipeError) in
    guard let node = reader.node("num_train_epochs") else { return }
    if node.isNull, let other = reader.node("max_steps"), !other.isNull { return }
    let allowed = "a number above 0, to 1000000"
    if let epochs = try reader.number("num_train_epochs", allowed: allowed, where: { $0 > 0 && $0 <= 1e6 }) {
      settings.duration = .epochs(epochs)
    }
  } write: {
    guard case .epochs(let epochs) = $0.duration else { return nil }
    return RecipeYAML.number(epochs)
  }

  private static let scheduler = TrainingKey(name: "lr_scheduler_type") { reader, settings throws(RecipeError) in
    if let kind = try reader.word("lr_scheduler_type", as: LearningRateKind.self) { settings.lrSchedulerType = kind }
  } write: {
    $0.lrSchedulerType.rawValue
  }

  /// A count that null leaves out.
  private static func optionalCount(_ name: String, _ field: Field<Int?>) -> TrainingKey {
    TrainingKey(name: name) { reader, settings throws(RecipeError) in
      guard reader.node(name) != nil else { return }
      settings[keyPath: field] = try reader.optional(name) { reader throws(RecipeError) in
        try reader.integer(name, in: 1...countLimit)
      }
    } write: {
      $0[keyPath: field].map { String($0) } ?? "null"
    }
  }

  private static let maxForgetting = TrainingKey(name: "max_forgetting") { reader, settings throws(RecipeError) in
    guard let node = reader.node("max_forgetting") else { return }
    settings.maxForgetting =
      node.isNull ? nil : try reader.number("max_forgetting", allowed: "null, or nats from 0 up") { $0 >= 0 }
  } write: {
    $0.maxForgetting.map { RecipeYAML.number($0) } ?? "null"
  }

  private static let objective = TrainingKey(name: "objective") { reader, settings throws(RecipeError) in
    guard let node = reader.node("objective") else { return }
    try RecipeDecoding.objective(node, in: reader, into: &settings.objective)
  } write: {
    $0.objective.yaml
  }

  private static let union = TrainingKey(name: "union") { reader, settings throws(RecipeError) in
    guard let node = reader.node("union") else { return }
    try RecipeDecoding.union(node, in: reader, into: &settings.union)
  } write: {
    $0.union.yaml
  }
}
