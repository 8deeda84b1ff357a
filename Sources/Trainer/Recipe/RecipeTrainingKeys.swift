extension TrainingSettings {
  /// Most steps, rows or tokens that a key may ask for: products of two still fit 64 bits.
  static let countLimit = 1_000_000_000

  private static let batchLimit = 1 << 20
  private static let share = "a number from 0 to 1"
  private static let belowOne = "a number from 0 to below 1"

  /// The keys that stand at the top for all rounds, or in a round for it alone.
  package static let keys: [Key<TrainingSettings>] = [
    Key("sequence_length", \.sequenceLength, .count(2...16_777_216), "Tokens of a sequence; longer samples are cut."),
    Key("packing", \.packing, .flag, "Packs several samples into a sequence; attention stays inside each sample."),
    Key("shuffle", \.shuffle, .flag, "Draws rows in a shuffled order instead of the file's."),
    Key(
      "per_device_train_batch_size", \.perDeviceTrainBatchSize, .count(1...batchLimit), "Sequences of a micro-batch."),
    Key(
      "gradient_accumulation_steps", \.gradientAccumulationSteps, .count(1...batchLimit),
      "Micro-batches whose gradients are added up for one optimiser step."),
    alternative("max_steps", to: "num_train_epochs", .count(1...countLimit), "Optimiser steps of a round.") {
      $0.duration = .steps($1)
    } value: {
      if case .steps(let steps) = $0.duration { steps } else { nil }
    },
    alternative(
      "num_train_epochs", to: "max_steps", .number("a number above 0, to 1000000") { $0 > 0 && $0 <= 1e6 },
      "Passes over the rows that a round draws from, in place of `max_steps`."
    ) {
      $0.duration = .epochs($1)
    } value: {
      if case .epochs(let epochs) = $0.duration { epochs } else { nil }
    },
    Key("learning_rate", \.learningRate, .number(share) { (0...1).contains($0) }, "Peak learning rate."),
    Key(
      "lr_scheduler_type", \.lrSchedulerType, .word,
      "Course of the learning rate after the warm-up; wsd stays at the peak and decays at the end; cosine_with_restarts "
        + "falls `num_cycles` times."
    ) { _, before, settings in
      // Another kind drops the inherited number of cosines.
      if settings.lrSchedulerType != before.lrSchedulerType { settings.cycles = nil }
      if settings.lrSchedulerType == .cosineWithRestarts { settings.cycles = settings.cycles ?? 1 }
    },
    Key(
      "num_cycles", \.cycles, KeyForm.count(1...countLimit).orNull,
      "Cosines of `lr_scheduler_type: cosine_with_restarts`, which alone reads it; 1 where left out.",
      then: checkCycles),
    alternative("warmup_steps", to: "warmup_ratio", .count(0...countLimit), "Optimiser steps of linear warm-up.") {
      ($0.warmupSteps, $0.warmupRatio) = ($1, nil)
    } value: {
      $0.warmupRatio == nil ? $0.warmupSteps : nil
    },
    alternative(
      "warmup_ratio", to: "warmup_steps", .number(share) { (0...1).contains($0) },
      "Share of a round's optimiser steps that warm up, rounded up to a step, in place of `warmup_steps`."
    ) {
      $0.warmupRatio = $1
    } value: {
      $0.warmupRatio
    },
    Key(
      "min_lr_ratio", \.minLearningRateRatio, .number(share) { (0...1).contains($0) },
      "Last learning rate, as a share of the peak."),
    Key(
      "weight_decay", \.weightDecay, .number(share) { (0...1).contains($0) },
      "Decoupled weight decay, on matrices alone."),
    Key(
      "adam_beta1", \.adamBeta1, .number(belowOne) { (0..<1).contains($0) },
      "Decay of AdamW's first moments; Lion's β₁."),
    Key(
      "adam_beta2", \.adamBeta2, .number(belowOne) { (0..<1).contains($0) },
      "Decay of AdamW's second moments; Lion's β₂."),
    Key(
      "adam_epsilon", \.adamEpsilon, .number("a number above 0, to 1") { $0 > 0 && $0 <= 1 },
      "Number that AdamW adds to its denominator."),
    Key(
      "max_grad_norm", \.maxGradNorm, .number("a number from 0 up (0 clips nothing)") { $0 >= 0 },
      "Largest global L2 norm of the gradients; larger ones are scaled down to it."),
    Key(
      "template", \.rows.template, .word,
      "Form of rows of prompt and completion: auto writes them as a user's and an assistant's turn by the model's chat "
        + "template, where it has one; none joins them as they stand."),
    Key(
      "train_on", \.rows.learntTurns, .word,
      "Assistant turns of a dialogue that are learnt, among those that the row does not mark as context."),
    Key(
      "train_on_inputs", \.rows.learnsInputs, .flag,
      "Learns prompts and the turns of others too, not completions and assistant turns alone; held-out rows are measured "
        + "on their answers alone."),
    Key(
      "long_rows", \.rows.longRows, .word,
      "Fate of a row longer than a sequence: its end is cut, the row is dropped, or it is split over several samples. "
        + "Texts are always split."),
    Key(
      "objective", \.objective, ReadingOrder.form, "Order in which rows are read: forwards, or some of them in reverse."
    ),
    Key(
      "union", \.union, UnionSettings.form,
      "Mixture that a round draws its rows from: its own dataset and all earlier ones."),
    Key("logging_steps", \.loggingSteps, .count(1...countLimit), "Optimiser steps between two lines of the log."),
    Key("save_steps", \.saveSteps, .count(1...countLimit), "Optimiser steps between two checkpoints."),
    Key(
      "eval_steps", \.evalSteps, KeyForm.count(1...countLimit).orNull,
      "Optimiser steps between two evaluations within a round; null evaluates after the round alone."),
    Key(
      "early_stopping_patience", \.earlyStoppingPatience, KeyForm.count(1...countLimit).orNull,
      "Evaluations in a row without a better held-out loss after which the round ends; null never ends it early."),
    Key(
      "early_stopping_threshold", \.earlyStoppingThreshold, .number("nats from 0 up") { $0 >= 0 },
      "Nats by which a held-out loss must be lower to count as better."),
    Key(
      "load_best_model_at_end", \.loadBestModelAtEnd, .flag,
      "Keeps the round's model of the lowest held-out loss instead of its last."),
    Key(
      "max_forgetting", \.maxForgetting, KeyForm.number("null, or nats from 0 up") { $0 >= 0 }.orNull,
      "Nats that an earlier dataset's loss may rise above its best; a round beyond that is refused. Null refuses none."),
  ]

  /// Refuses a number of cosines for a course that has one.
  private static func checkCycles(
    _ reader: RecipeReader, _ before: TrainingSettings, _ settings: inout TrainingSettings
  ) throws(RecipeError) {
    guard settings.lrSchedulerType != .cosineWithRestarts else {
      settings.cycles = settings.cycles ?? 1
      return
    }
    guard settings.cycles != nil else { return }
    throw RecipeError(
      place: reader.place(of: "num_cycles"),
      message: "\(reader.name("num_cycles")) is read by lr_scheduler_type: cosine_with_restarts alone, and the type is "
        + "\(settings.lrSchedulerType.rawValue): remove it, or set lr_scheduler_type: cosine_with_restarts")
  }

  /// One of two keys that set the same in two ways; null leaves it to the other.
  private static func alternative<Value>(
    _ name: String, to other: String, _ form: KeyForm<Value>, _ meaning: String,
    _ set: @escaping @Sendable (inout TrainingSettings, Value) -> Void,
    value: @escaping @Sendable (TrainingSettings) -> Value?
  ) -> Key<TrainingSettings> {
    Key(name, type: form.words, meaning) { reader, settings throws(RecipeError) in
      if let rival = reader.node(other), !rival.isNull {
        if reader.node(name)?.isNull == true { return }
        throw RecipeError(
          place: rival.place, message: "\(name) and \(other) are both given: keep the one that is meant")
      }
      set(&settings, try form.read(reader, name, nil))
    } write: {
      value($0).flatMap(form.write)
    }
  }
}
