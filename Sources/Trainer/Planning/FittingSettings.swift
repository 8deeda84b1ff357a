import GPUTensor
import Kernels

/// Which settings a memory would hold.
package struct FittingSettings: Sendable {
  /// One way to train, and the largest micro-batch of it that fits.
  package struct Entry: Sendable, Equatable, Encodable {
    /// `full` or `lora`.
    package let method: String
    package let sequenceLength: Int
    /// Bytes of a micro-batch of one row.
    package let bytes: Int
    /// Rows of the largest micro-batch that fits, to `mostRows`; 0: not even one.
    package let largestBatch: Int
  }

  /// Larger micro-batches are not looked for: gradient accumulation does the rest.
  package static let mostRows = 1024

  private let configuration: LlamaConfiguration
  private let settings: TrainingSettings
  private let recompute: Llama.Recompute
  private let device: MemoryPlan.Device

  package init(
    _ configuration: LlamaConfiguration, settings: TrainingSettings, recompute: Llama.Recompute = .none,
    device: MemoryPlan.Device
  ) {
    self.configuration = configuration
    self.settings = settings
    self.recompute = recompute
    self.device = device
  }

  /// Both methods at these lengths.
  package func entries(memory: Int, lora: LoRASettings, lengths: [Int]) throws(LoRASettings.Unsuitable) -> [Entry] {
    var entries: [Entry] = []
    for (name, method) in [("full", TrainingMethod.full), ("lora", .lora(lora, initial: nil))] {
      for length in lengths {
        let one = try plan(method, length: length, rows: 1).bytes.total
        entries.append(
          Entry(
            method: name, sequenceLength: length, bytes: one,
            largestBatch: one > memory ? 0 : try largestBatch(method, length: length, memory: memory)))
      }
    }
    return entries
  }

  /// The largest micro-batch that fits; 0: not even one row.
  package func largestBatch(
    _ method: TrainingMethod, length: Int, memory: Int
  ) throws(LoRASettings.Unsuitable) -> Int {
    func bytes(_ rows: Int) throws(LoRASettings.Unsuitable) -> Int {
      try plan(method, length: length, rows: rows).bytes.total
    }
    guard try bytes(1) <= memory else { return 0 }
    var (fits, tooMany) = (1, Self.mostRows + 1)
    while tooMany - fits > 1 {
      // Doubling first: most answers are small, and large plans take longer.
      let rows = tooMany > Self.mostRows ? min(fits * 2, Self.mostRows) : (fits + tooMany) / 2
      if rows == fits { break }
      if try bytes(rows) <= memory { fits = rows } else { tooMany = rows }
    }
    return fits
  }

  /// Changes of the recipe that would make it fit, the ones that change least first.
  ///
  /// - Parameter count: at most so many.
  package func changes(
    method: TrainingMethod, memory: Int, count: Int = 3
  ) throws(LoRASettings.Unsuitable) -> [String] {
    var found: [String] = []
    let (rows, length) = (settings.perDeviceTrainBatchSize, settings.sequenceLength)
    let smaller = try largestBatch(method, length: length, memory: memory)
    if smaller > 0, smaller < rows {
      let steps = (rows * settings.gradientAccumulationSteps + smaller - 1) / smaller
      found.append("per_device_train_batch_size: \(smaller) with gradient_accumulation_steps: \(steps)")
    }
    if recompute != .block,
      try MemoryPlan(configuration, method: method, recompute: .block, settings: settings, device: device)
        .bytes.total <= memory
    {
      found.append("recompute: block")
    }
    if settings.loadBestModelAtEnd {
      var plain = settings
      plain.loadBestModelAtEnd = false
      let plan = try MemoryPlan(
        configuration, method: method, recompute: recompute, settings: plain, device: device)
      if plan.bytes.total <= memory { found.append("load_best_model_at_end: false") }
    }
    var shorter = length / 2
    while shorter >= 64, try plan(method, length: shorter, rows: rows).bytes.total > memory { shorter /= 2 }
    if shorter >= 64 { found.append("sequence_length: \(shorter)") }
    if method == .full {
      let lora = TrainingMethod.lora(LoRASettings(), initial: nil)
      let most = min(try largestBatch(lora, length: length, memory: memory), rows)
      let batch = most < rows ? " with per_device_train_batch_size: \(most)" : ""
      if most > 0 { found.append("method: {type: lora, rank: 8}" + batch) }
    }
    return Array(found.prefix(count))
  }

  private func plan(
    _ method: TrainingMethod, length: Int, rows: Int
  ) throws(LoRASettings.Unsuitable) -> MemoryPlan {
    var settings = settings
    settings.sequenceLength = length
    settings.perDeviceTrainBatchSize = rows
    return try MemoryPlan(
      configuration, method: method, recompute: recompute, settings: settings, device: device)
  }
}
