import Dispatch
import GPUTensor
import Kernels
import Synchronization

/// Which settings a memory would hold.
package struct FittingSettings: Sendable {
  /// One way to train, and the largest micro-batch of it that fits.
  package struct Entry: Sendable, Equatable, Encodable {
    /// `full`, `lora`, or `qlora`: LoRA over a base in nf4.
    package let method: String
    package let sequenceLength: Int
    /// Bytes of a micro-batch of one row.
    package let bytes: Int
    /// Rows of the largest micro-batch that fits, to `mostRows`; 0: not even one.
    package let largestBatch: Int
  }

  /// What a run keeps beside the weights, and how.
  private struct Keeping: Equatable {
    var memory: MemorySettings
    var optimizer: OptimizerSettings
  }

  /// Larger micro-batches are not looked for: gradient accumulation does the rest.
  package static let mostRows = 1024

  private let configuration: LlamaConfiguration
  private let types: [String: DType]
  private let settings: TrainingSettings
  private let keeping: Keeping
  private let device: MemoryPlan.Device

  /// - Parameter types: of `BaseStorage`: dtypes of frozen weights that are not float32.
  package init(
    _ configuration: LlamaConfiguration, types: [String: DType] = [:], settings: TrainingSettings,
    memory: MemorySettings = MemorySettings(), optimizer: OptimizerSettings = OptimizerSettings(),
    device: MemoryPlan.Device
  ) {
    self.configuration = configuration
    self.types = types
    self.settings = settings
    keeping = Keeping(memory: memory, optimizer: optimizer)
    self.device = device
  }

  /// Each way to train at these lengths.
  package func entries(memory: Int, lora: LoRASettings, lengths: [Int]) throws(LoRASettings.Unsuitable) -> [Entry] {
    let ways: [(String, TrainingMethod, [String: DType])] = [
      ("full", .full, [:]), ("lora", .lora(lora, initial: nil), types),
      ("qlora", Self.unmerged(.lora(lora, initial: nil)), BaseStorage.nf4.types(of: configuration)),
    ]
    let cells = ways.flatMap { way in lengths.map { (way: way, length: $0) } }
    return try Self.concurrently(cells) { cell throws(LoRASettings.Unsuitable) in
      let (name, method, types) = cell.way
      let one = try plan(method, types: types, length: cell.length, rows: 1).bytes.total
      let batch = try largestBatch(method, types: types, length: cell.length, memory: memory, bytesOfOne: one)
      return Entry(method: name, sequenceLength: cell.length, bytes: one, largestBatch: batch)
    }
  }

  /// What `body` gives for each item, on all cores; the longest plans come last, and so are begun first.
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

  /// The largest micro-batch that fits; 0: not even one row.
  ///
  /// - Parameter bytesOfOne: of a row, where they are known.
  package func largestBatch(
    _ method: TrainingMethod, types: [String: DType]? = nil, length: Int, memory: Int, bytesOfOne: Int? = nil
  ) throws(LoRASettings.Unsuitable) -> Int {
    func bytes(_ rows: Int) throws(LoRASettings.Unsuitable) -> Int {
      try plan(method, types: types, length: length, rows: rows).bytes.total
    }
    let one: Int
    if let bytesOfOne { one = bytesOfOne } else { one = try bytes(1) }
    guard one <= memory else { return 0 }
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
    found += try savings(method, memory: memory, length: length, rows: rows)
    if settings.loadBestModelAtEnd {
      var plain = settings
      plain.loadBestModelAtEnd = false
      let plan = try MemoryPlan(
        configuration, types: types, method: method, memory: keeping.memory, optimizer: keeping.optimizer,
        settings: plain, device: device)
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
    } else if types.isEmpty {
      let quantised = BaseStorage.nf4.types(of: configuration)
      let apart = Self.unmerged(method)
      if try plan(apart, types: quantised, length: length, rows: rows).bytes.total <= memory {
        found.append("base.dtype: nf4" + (apart == method ? "" : " with method.between_rounds: stack"))
      }
    }
    if method != .full {
      let apart = Self.unmerged(method)
      let words =
        "offload_base: true" + (keeping.memory.recompute == .block ? "" : " with recompute: block")
        + (apart == method ? "" : " and method.between_rounds: stack")
      found += try proposal(words, apart, memory, length, rows) {
        ($0.memory.offloadsBase, $0.memory.recompute) = (true, .block)
      }
    }
    return Array(found.prefix(count))
  }

  /// Ways to keep less that would make it fit.
  private func savings(
    _ method: TrainingMethod, memory: Int, length: Int, rows: Int
  ) throws(LoRASettings.Unsuitable) -> [String] {
    var found = try proposal("recompute: block", method, memory, length, rows) { $0.memory.recompute = .block }
    guard method == .full else { return found }
    let moments = keeping.optimizer.kind == .adamw ? OptimizerMoments.blocks : .float32
    found += try proposal("optim: \(moments.rawValue)", method, memory, length, rows) { $0.optimizer.moments = moments }
    guard settings.gradientAccumulationSteps == 1 else { return found }
    let words = "optimizer_in_bwd: true" + (settings.maxGradNorm > 0 ? " with max_grad_norm: 0" : "")
    found += try proposal(words, method, memory, length, rows) { $0.memory.optimizerInBackward = true }
    return found
  }

  /// These words, where the change that they name is one and would make it fit.
  private func proposal(
    _ words: String, _ method: TrainingMethod, _ memory: Int, _ length: Int, _ rows: Int,
    _ change: (inout Keeping) -> Void
  ) throws(LoRASettings.Unsuitable) -> [String] {
    var changed = keeping
    change(&changed)
    guard changed != keeping,
      try plan(method, saving: changed, length: length, rows: rows).bytes.total <= memory
    else { return [] }
    return [words]
  }

  /// The method with `between_rounds: stack`: nothing can be merged into a quantised base.
  private static func unmerged(_ method: TrainingMethod) -> TrainingMethod {
    guard case .lora(var settings, let initial) = method, settings.betweenRounds == .merge else { return method }
    settings.betweenRounds = .stack
    return .lora(settings, initial: initial)
  }

  private func plan(
    _ method: TrainingMethod, types: [String: DType]? = nil, saving changed: Keeping? = nil, length: Int, rows: Int
  ) throws(LoRASettings.Unsuitable) -> MemoryPlan {
    var settings = settings
    settings.sequenceLength = length
    settings.perDeviceTrainBatchSize = rows
    let keeping = changed ?? keeping
    // As the recipe then must say.
    if keeping.memory.optimizerInBackward { settings.maxGradNorm = 0 }
    return try MemoryPlan(
      configuration, types: types ?? self.types, method: method, memory: keeping.memory,
      optimizer: keeping.optimizer, settings: settings, device: device)
  }
}
