import Foundation
import GPUTensor
import Kernels

/// Continues a text token by token, with a cache of keys and values on the device.
package final class Generator {
  /// How the next token is drawn.
  package struct Sampling: Sendable {
    /// 0: always the likeliest.
    package var temperature: Double
    /// Only the k likeliest may be drawn; 0: all.
    package var topK: Int
    /// Only the likeliest that together have this probability may be drawn (arXiv:1904.09751); 1: all.
    package var topP: Double
    package var seed: UInt64

    package init(temperature: Double = 0, topK: Int = 0, topP: Double = 1, seed: UInt64 = 0) {
      self.temperature = temperature
      self.topK = topK
      self.topP = topP
      self.seed = seed
    }
  }

  /// Rows of one run while the prompt is read.
  private static let promptRows = 256

  private let executor: any Executor
  private let plan: Plan
  private let inputs: [Tensor]
  private let lastRow: Tensor
  private let logits: Tensor
  private let contextLength: Int
  /// The tokens whose keys and values the cache holds.
  private var cached: [Int32] = []

  /// - Parameter contextLength: tokens that the cache holds, prompt and answer together.
  package init(
    weights: LlamaWeights, ropeTable: Variable, executor: any Executor, contextLength: Int
  ) throws(OpenCLError) {
    self.executor = executor
    self.contextLength = contextLength
    let configuration = weights.configuration
    let graph = Graph(rowCapacity: min(Self.promptRows, contextLength))
    inputs = ["ids", "positions", "keyStart", "keyEnd"].map { graph.input($0, graph.rows(), dtype: .int32) }
    lastRow = graph.input("lastRow", Shape([1]), dtype: .int32)
    let rows = RowTensors([inputs[0], inputs[0], inputs[1], inputs[2], inputs[3], inputs[3]])
    let llama = Llama(configuration) { graph.variable(weights.variable($0)) }
    let cacheShape = Shape([contextLength, configuration.keyValueWidth])
    let hidden = llama.hidden(rows, ropeTable: graph.variable(ropeTable)) { layer, keys, values in
      let keyCache = graph.variable(Variable(name: "keys \(layer)", shape: cacheShape))
      let valueCache = graph.variable(Variable(name: "values \(layer)", shape: cacheShape))
      keys.append(toCache: keyCache)
      values.append(toCache: valueCache)
      return (keyCache, valueCache)
    }
    logits = hidden.embedding(lastRow).linear(llama.outputWeight)
    plan = executor.plan(graph, outputs: [logits])
    try executor.prepare([plan])
  }

  /// New tokens after a prompt, of which what the cache holds already is not read again, until one of `stops`, the limit, or the end of the context.
  ///
  /// - Parameter onToken: called with each new token as it is drawn; false ends the generation.
  /// - Returns: the new tokens; the one that stopped is not among them.
  package func generate(
    prompt: [Int32], maxTokens: Int, stops: Set<Int32>, sampling: Sampling, onToken: (Int32) -> Bool = { _ in true }
  ) throws(OpenCLError) -> [Int32] {
    precondition(!prompt.isEmpty && prompt.count <= contextLength, "a prompt that the context holds")
    var random = SplitMix64(seed: sampling.seed)
    var scores: [Float] = []
    // The last token is always read: what follows it is asked for.
    cached = zip(cached, prompt.dropLast()).prefix { $0 == $1 }.map(\.0)
    while cached.count < prompt.count {
      scores = try read(Array(prompt[cached.count...].prefix(plan.graph.rowCapacity)))
    }
    var new: [Int32] = []
    while new.count < maxTokens {
      let token = Self.draw(scores, sampling, &random)
      if stops.contains(token) { break }
      new.append(token)
      if !onToken(token) || new.count == maxTokens || cached.count == contextLength { break }
      scores = try read([token])
    }
    return new
  }

  /// Runs tokens after those in the cache; the logits after the last of them.
  private func read(_ ids: [Int32]) throws(OpenCLError) -> [Float] {
    let position = cached.count
    let positions = (position..<position + ids.count).map(Int32.init)
    var arguments = RunArguments(rows: ids.count)
    arguments.scalars.cacheOffset = position
    arguments.inputs = [
      (inputs[0], .ints(ids)), (inputs[1], .ints(positions)),
      (inputs[2], .ints([Int32](repeating: 0, count: ids.count))), (inputs[3], .ints(positions.map { $0 + 1 })),
      (lastRow, .ints([Int32(ids.count - 1)])),
    ]
    try executor.run(plan, arguments)
    cached += ids
    return try executor.read(logits, of: plan, rows: 1)
  }

  /// The next token by its logits; of equal ones the first.
  static func draw(_ logits: [Float], _ sampling: Sampling, _ random: inout SplitMix64) -> Int32 {
    var best = 0
    for index in logits.indices where logits[index] > logits[best] { best = index }
    if sampling.temperature <= 0 || sampling.topK == 1 { return Int32(best) }
    let largest = Double(logits[best])
    var candidates = logits.indices.map { ($0, exp((Double(logits[$0]) - largest) / sampling.temperature)) }
    if sampling.topK > 0 || sampling.topP < 1 {
      candidates.sort { ($0.1, $1.0) > ($1.1, $0.0) }
      if sampling.topK > 0 { candidates = Array(candidates.prefix(sampling.topK)) }
      let allowed = candidates.reduce(0) { $0 + $1.1 } * sampling.topP
      var sum = 0.0
      if let last = candidates.firstIndex(where: {
        sum += $0.1
        return sum >= allowed
      }) {
        candidates = Array(candidates[...last])
      }
    }
    var remaining = Double.random(in: 0..<1, using: &random) * candidates.reduce(0) { $0 + $1.1 }
    for (index, weight) in candidates {
      remaining -= weight
      if remaining < 0 { return Int32(index) }
    }
    return Int32(candidates.last?.0 ?? best)
  }
}
