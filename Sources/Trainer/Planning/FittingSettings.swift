import Dispatch
import GPUTensor
import Kernels
import Synchronization

/// Finds settings under which a run fits a memory, by planning it anew under each.
package struct FittingSettings: Sendable {
  /// One way to train, and the largest micro-batch of it that fits.
  package struct Entry: Sendable, Equatable, Encodable {
    /// `full`, `lora`, or `qlora`: LoRA over a base in nf4.
    package let method: String
    package let sequenceLength: Int
    /// Bytes of a run with micro-batches of one row.
    package let bytes: Int
    /// Rows of the largest micro-batch that fits, to `mostRows`; 0: not even one.
    package let largestBatch: Int
  }

  /// The largest micro-batch that is looked for, in rows: gradient accumulation does the rest.
  package static let mostRows = 1024

  private let shape: RunShape
  private let device: MemoryPlan.Device

  package init(_ shape: RunShape, device: MemoryPlan.Device) {
    self.shape = shape
    self.device = device
  }

  /// Throws `RoundError.doesNotFit` where a run needs more memory than its device has, with changes that would make it fit.
  static func check(_ run: RunOnDevice) throws(RoundError) {
    let (needed, available) = (run.plannedBytes, run.executor.memoryBytes)
    guard needed > available else { return }
    let variables = Plan.variableBytes(run.allPlans)
    let changes = try? FittingSettings(run.shape, device: MemoryPlan.Device(of: run.executor)).changes(
      memory: available)
    throw RoundError.doesNotFit(
      needed: needed, available: available, device: run.executor.deviceName,
      largest: "weights, gradients and optimiser \(variables >> 20) MiB, activations \((needed - variables) >> 20) MiB",
      changes: changes ?? [])
  }

  /// Each way to train at these lengths.
  package func entries(memory: Int, lora: LoRASettings, lengths: [Int]) throws(LoRASettings.Unsuitable) -> [Entry] {
    let ways: [(String, RunShape)] = [
      ("full", shape.training(.full, types: [:])), ("lora", shape.training(.lora(lora, initial: nil))),
      (
        "qlora",
        shape.training(.lora(lora, initial: nil)).unmerged(types: BaseStorage.nf4.types(of: shape.configuration))
      ),
    ]
    let cells = ways.flatMap { way in lengths.map { (name: way.0, shape: way.1, length: $0) } }
    return try Self.concurrently(cells) { cell throws(LoRASettings.Unsuitable) in
      var run = cell.shape
      run.setAll(\.sequenceLength, to: cell.length)
      let one = try bytes(run.withRows(1))
      let batch = try largestBatch(of: run, memory: memory, bytesOfOne: one)
      return Entry(method: cell.name, sequenceLength: cell.length, bytes: one, largestBatch: batch)
    }
  }

  /// The results of `body` for each item, on all cores; the longest plans come last, and so are begun first.
  private static func concurrently<Item: Sendable>(
    _ items: [Item], _ body: @Sendable (Item) throws(LoRASettings.Unsuitable) -> Entry
  ) throws(LoRASettings.Unsuitable) -> [Entry] {
    let found = Mutex<[Int: Result<Entry, LoRASettings.Unsuitable>]>([:])
    DispatchQueue.concurrentPerform(iterations: items.count) { iteration in
      let index = items.count - 1 - iteration
      let result = Result { () throws(LoRASettings.Unsuitable) in try body(items[index]) }
      found.withLock { $0[index] = result }
    }
    let results = found.withLock { $0 }
    var entries: [Entry] = []
    for index in items.indices {
      guard let result = results[index] else { preconditionFailure("an item without a result") }
      entries.append(try result.get())
    }
    return entries
  }

  /// Rows of the largest micro-batch that fits; 0: not even one.
  package func largestBatch(memory: Int) throws(LoRASettings.Unsuitable) -> Int {
    try largestBatch(of: shape, memory: memory, bytesOfOne: try bytes(shape.withRows(1)))
  }

  private func largestBatch(
    of shape: RunShape, memory: Int, bytesOfOne: Int
  ) throws(LoRASettings.Unsuitable) -> Int {
    guard bytesOfOne <= memory else { return 0 }
    var (fits, tooMany) = (1, Self.mostRows + 1)
    while tooMany - fits > 1 {
      // Doubling first: most answers are small, and large plans take longer.
      let rows = tooMany > Self.mostRows ? min(fits * 2, Self.mostRows) : (fits + tooMany) / 2
      if rows == fits { break }
      if try bytes(shape.withRows(rows)) <= memory { fits = rows } else { tooMany = rows }
    }
    return fits
  }

  /// Changes of the recipe that would make the run fit, the ones that change least first.
  ///
  /// - Parameter count: the most changes to return.
  package func changes(memory: Int, count: Int = 3) throws(LoRASettings.Unsuitable) -> [String] {
    let settings = shape.largest
    let rows = settings.perDeviceTrainBatchSize
    var found: [String] = []
    let smaller = try largestBatch(memory: memory)
    if smaller > 0, smaller < rows {
      let steps = (rows * settings.gradientAccumulationSteps + smaller - 1) / smaller
      found.append("per_device_train_batch_size: \(smaller) with gradient_accumulation_steps: \(steps)")
    }
    found += try savings(memory)
    found += try proposal("load_best_model_at_end: false", memory) { $0.setAll(\.loadBestModelAtEnd, to: false) }
    found += try shorterSequence(memory)
    found += try otherMethods(memory, rows: rows)
    return Array(found.prefix(count))
  }

  /// Ways to keep less that would make the run fit.
  private func savings(_ memory: Int) throws(LoRASettings.Unsuitable) -> [String] {
    var found = try proposal("recompute: block", memory) { $0.memory.recompute = .block }
    guard shape.method == .full else { return found }
    let moments = shape.optimizer.kind == .adamw ? OptimizerMoments.blocks : .float32
    found += try proposal("optim: \(moments.rawValue)", memory) { $0.optimizer.moments = moments }
    let settings = shape.rounds.map(\.settings)
    guard settings.allSatisfy({ $0.gradientAccumulationSteps == 1 }) else { return found }
    let clips = settings.contains { $0.maxGradNorm > 0 }
    found += try proposal("optimizer_in_bwd: true" + (clips ? " with max_grad_norm: 0" : ""), memory) {
      $0.memory.optimizerInBackward = true
      $0.setAll(\.maxGradNorm, to: 0)
    }
    return found
  }

  /// The largest half, quarter and so on of the sequence length that would make the run fit.
  private func shorterSequence(_ memory: Int) throws(LoRASettings.Unsuitable) -> [String] {
    var length = shape.largest.sequenceLength / 2
    while length >= 64 {
      let found = try proposal("sequence_length: \(length)", memory) { $0.setAll(\.sequenceLength, to: length) }
      if !found.isEmpty { return found }
      length /= 2
    }
    return []
  }

  /// Adapters in place of the weights, a base in fewer bits, or one in host memory, where the run would then fit.
  private func otherMethods(_ memory: Int, rows: Int) throws(LoRASettings.Unsuitable) -> [String] {
    guard shape.method != .full else {
      let lora = FittingSettings(shape.training(.lora(LoRASettings(), initial: nil)), device: device)
      let most = min(try lora.largestBatch(memory: memory), rows)
      let batch = most < rows ? " with per_device_train_batch_size: \(most)" : ""
      return most > 0 ? ["method: {type: lora, rank: 8}" + batch] : []
    }
    let merges = shape.unmerged().method != shape.method
    var found: [String] = []
    if shape.types.isEmpty {
      found += try proposal("base.dtype: nf4" + (merges ? " with method.between_rounds: stack" : ""), memory) {
        $0 = $0.unmerged(types: BaseStorage.nf4.types(of: $0.configuration))
      }
    }
    guard !shape.memory.offloadsBase || shape.memory.recompute != .block else { return found }
    let words =
      "offload_base: true" + (shape.memory.recompute == .block ? "" : " with recompute: block")
      + (merges ? " and method.between_rounds: stack" : "")
    return found
      + (try proposal(words, memory) {
        $0 = $0.unmerged()
        ($0.memory.offloadsBase, $0.memory.recompute) = (true, .block)
      })
  }

  /// The words of a change, where it changes the run and would make it fit.
  private func proposal(
    _ words: String, _ memory: Int, _ change: (inout RunShape) -> Void
  ) throws(LoRASettings.Unsuitable) -> [String] {
    var changed = shape
    change(&changed)
    guard changed != shape, try bytes(changed) <= memory else { return [] }
    return [words]
  }

  private func bytes(_ shape: RunShape) throws(LoRASettings.Unsuitable) -> Int {
    try MemoryPlan(shape, device: device).bytes.total
  }
}

extension RunShape {
  /// The run with micro-batches of so many rows.
  fileprivate func withRows(_ rows: Int) -> RunShape {
    var changed = self
    changed.setAll(\.perDeviceTrainBatchSize, to: rows)
    return changed
  }

  /// The run with another method, and its base in these types where they are given.
  fileprivate func training(_ method: TrainingMethod, types: [String: DType]? = nil) -> RunShape {
    var changed = self
    changed.method = method
    changed.types = types ?? self.types
    return changed
  }

  /// The run with `between_rounds: stack`, since nothing can be merged into a base in fewer bits or in host memory.
  fileprivate func unmerged(types: [String: DType]? = nil) -> RunShape {
    guard case .lora(var settings, let initial) = method else { return self }
    if settings.betweenRounds == .merge { settings.betweenRounds = .stack }
    return training(.lora(settings, initial: initial), types: types)
  }
}
