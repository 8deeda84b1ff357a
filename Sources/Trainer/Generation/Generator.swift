import GPUTensor
import Kernels

/// Generates tokens after prompts, several sequences at once, with a cache of keys and values on the device.
package final class Generator {
  /// One sequence's range of the cache, and the answer being written there.
  private struct Slot {
    /// Tokens whose keys and values the cache holds.
    var cached: [Int32] = []
    /// Tokens to feed before the next one can be drawn.
    var unread: ArraySlice<Int32> = []
    /// Index of the prompt being answered; nil: the slot is free.
    var prompt: Int?
    var random = SplitMix64(seed: 0)
  }

  /// A plan of one forward pass, and its tensors.
  private struct Pass {
    let plan: Plan
    let inputs: KeyValueCache.Inputs
    let lastRows: Tensor
    let logits: Logits

    init(
      _ model: DeviceModel, rope: RopeTables, cache: KeyValueCache, rowCapacity: Int, sequences: Int,
      executor: any Executor
    ) {
      let graph = Graph(rowCapacity: rowCapacity)
      let inputs = cache.inputs(graph)
      lastRows = graph.input("lastRows", Shape([sequences]), dtype: .int32)
      let llama = model.llama(in: graph)
      let hidden = llama.hidden(inputs.full.tensors, of: lastRows, rope: rope) { layer, keys, values in
        cache.append(keys, values, layer: layer, inputs)
      }
      logits = Logits(hidden, of: llama)
      self.inputs = inputs
      plan = executor.plan(graph, outputs: logits.outputs)
    }
  }

  private let executor: any Executor
  /// Plans to prepare before the first prompt, together with the run's other plans if there are any.
  package var plans: [Plan] { reading.plan === writing.plan ? [reading.plan] : [reading.plan, writing.plan] }
  /// Forward passes for prompts, of many tokens, and for answers, of one token a sequence, in which a block takes fewer
  /// launches.
  private let reading: Pass
  private let writing: Pass
  private let cache: KeyValueCache
  private let contextLength: Int
  private let vocabularySize: Int
  private var slots: [Slot]

  /// - Parameters:
  ///   - contextLength: tokens in the cache for each sequence, prompt and answer together.
  ///   - sequences: number of sequences generated at once.
  ///   - promptRows: most tokens of one forward pass, unless there are more sequences; a longer prompt takes several
  ///     passes.
  package init(
    model: DeviceModel, rope: RopeTables, executor: any Executor, contextLength: Int, sequences: Int = 1,
    promptRows: Int = 256
  ) {
    precondition(contextLength > 0 && sequences > 0, "a cache that holds something")
    self.executor = executor
    self.contextLength = contextLength
    slots = [Slot](repeating: Slot(), count: sequences)
    let configuration = model.configuration
    vocabularySize = configuration.vocabSize
    let rows = max(sequences, min(promptRows, sequences * contextLength))
    let cache = KeyValueCache(configuration, contextLength: contextLength, sequences: sequences, passRows: rows)
    self.cache = cache
    func pass(_ rowCapacity: Int) -> Pass {
      Pass(model, rope: rope, cache: cache, rowCapacity: rowCapacity, sequences: sequences, executor: executor)
    }
    reading = pass(rows)
    writing = rows == sequences ? reading : pass(sequences)
  }

  /// Empties the cache, as a change of the weights requires.
  package func forget() {
    for index in slots.indices { slots[index].cached = [] }
  }

  /// Generates tokens after a prompt, until one of `stops`, `maxTokens`, or the end of the context. The beginning of
  /// the prompt that the cache already holds is not fed again.
  ///
  /// - Parameter onToken: called with each new token as it is drawn; false ends the answer.
  /// - Returns: the new tokens, without the stop token.
  package func generate(
    prompt: [Int32], maxTokens: Int, stops: Set<Int32>, sampling: Sampling, onToken: (Int32) -> Bool = { _ in true }
  ) throws(DeviceError) -> [Int32] {
    try generate(prompts: [prompt], maxTokens: maxTokens, stops: stops, sampling: sampling) { _, token in
      onToken(token)
    }[0]
  }

  /// Generates tokens after each of several prompts; when an answer ends, the next prompt takes its slot.
  ///
  /// - Parameters:
  ///   - sampling: the settings; the answer to prompt i is drawn with the seed plus i.
  ///   - onToken: called with the prompt's index and each of its new tokens; false ends that prompt's answer.
  ///   - goesOn: asked before each forward pass; false ends all answers where they are.
  /// - Returns: each prompt's new tokens, without stop tokens.
  package func generate(
    prompts: [[Int32]], maxTokens: Int, stops: Set<Int32>, sampling: Sampling,
    onToken: (Int, Int32) -> Bool = { _, _ in true }, goesOn: () -> Bool = { true }
  ) throws(DeviceError) -> [[Int32]] {
    precondition(
      maxTokens > 0 && prompts.allSatisfy { !$0.isEmpty && $0.count <= contextLength },
      "prompts that the context holds, and room to answer")
    var answers = [[Int32]](repeating: [], count: prompts.count)
    var next = 0
    while true {
      for index in slots.indices where slots[index].prompt == nil && next < prompts.count {
        begin(next, prompts[next], in: index, seed: sampling.seed &+ UInt64(next))
        next += 1
      }
      guard slots.contains(where: { $0.prompt != nil }), goesOn() else {
        for index in slots.indices { (slots[index].prompt, slots[index].unread) = (nil, []) }
        return answers
      }
      let ready = try run()
      for index in ready {
        guard let prompt = slots[index].prompt else { continue }
        let scores = lastScores[index * vocabularySize..<(index + 1) * vocabularySize]
        let token = sampling.draw(scores, &slots[index].random)
        var isOver = stops.contains(token)
        if !isOver {
          answers[prompt].append(token)
          isOver =
            !onToken(prompt, token) || answers[prompt].count == maxTokens
            || slots[index].cached.count == contextLength
        }
        slots[index].unread = isOver ? [] : [token]
        if isOver { slots[index].prompt = nil }
      }
    }
  }

  /// Logits of the last forward pass: [sequences, V].
  private var lastScores: [Float] = []

  private func begin(_ number: Int, _ prompt: [Int32], in index: Int, seed: UInt64) {
    // The last token is always fed: its logits are needed.
    var known = zip(slots[index].cached, prompt.dropLast()).prefix { $0 == $1 }.count
    if !cache.holds(known, of: slots[index].cached.count) { known = 0 }
    slots[index].cached = Array(prompt[..<known])
    slots[index].unread = prompt[known...]
    slots[index].prompt = number
    slots[index].random = SplitMix64(seed: seed)
  }

  /// Feeds unread tokens, up to a pass's capacity. Returns the slots that are fully read and can be sampled.
  private func run() throws(DeviceError) -> [Int] {
    var feed = KeyValueCache.Feed(cache)
    var last = [Int32](repeating: 0, count: slots.count)
    var ready: [Int] = []
    for index in slots.indices where !slots[index].unread.isEmpty {
      let ids = slots[index].unread.prefix(reading.plan.graph.rowCapacity - feed.count)
      for (offset, id) in ids.enumerated() { feed.add(id, at: slots[index].cached.count + offset, of: index) }
      slots[index].cached += ids
      slots[index].unread = slots[index].unread.dropFirst(ids.count)
      guard slots[index].unread.isEmpty else { continue }
      last[index] = Int32(feed.count - 1)
      ready.append(index)
    }
    let pass = feed.count <= slots.count ? writing : reading
    try executor.run(
      pass.plan,
      ReplayArguments(rows: feed.count, inputs: feed.data(for: pass.inputs) + [(pass.lastRows, .ints(last))]))
    if !ready.isEmpty { lastScores = try pass.logits.read(of: pass.plan, rows: slots.count, from: executor) }
    return ready
  }
}

extension LlamaConfiguration {
  /// Ids that end an answer: those that the model's files name, and the tokenizer's own.
  package func stops(_ tokenizer: (any Tokenizer)?) -> Set<Int32> {
    Set(eosTokenIDs.map(Int32.init) + (tokenizer?.special.eos ?? []))
  }
}
