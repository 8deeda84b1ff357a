import GPUTensor
import Kernels
import TestSupport
import Testing
import Trainer

/// Six small random models against float64: grouped queries, H · D other than C, biases, bf16 shards, two RoPE
/// scalings.
@Suite("LLaMA against float64")
struct LlamaTests {
  /// Transformers in float32 is up to 4e-6 away; a wrong term is off by 0.1 and more.
  private static func tolerance(_ name: String) -> Double { name.contains("bf16") ? 1e-3 : 1e-4 }

  @Test("log-probabilities", arguments: LlamaGolden.names, TrainerExecutors.all)
  func logProbabilities(_ name: String, _ choice: ExecutorChoice) throws {
    let golden = try LlamaGolden.load(name)
    let model = try LoadedModel.open(LlamaGolden.folder(name), on: choice)
    // A capacity of 48 tokens holds the first text alone, and the other three, of 1, 2 and 37 tokens, side by side.
    let found = try model.tokenLogProbabilities(golden.sequences.map(\.ids), rowCapacity: 48)
    #expect(found.count == golden.sequences.count)
    for (found, sequence) in zip(found, golden.sequences) {
      let difference = largestDifference(found, sequence.tokenLogprobs)
      #expect(difference <= Self.tolerance(name), "\(sequence.ids.count) tokens: off by \(difference)")
    }
  }

  @Test("the likeliest continuation, token by token with a cache", arguments: LlamaGolden.names, TrainerExecutors.all)
  func greedy(_ name: String, _ choice: ExecutorChoice) throws {
    let golden = try LlamaGolden.load(name)
    let model = try LoadedModel.open(LlamaGolden.folder(name), on: choice)
    let stops = Set(model.configuration.eosTokenIDs.map(Int32.init))
    #expect(try model.greedy(golden.greedy.prompt, count: golden.greedy.ids.count, stops: stops) == golden.greedy.ids)
  }

  @Test("a sample's losses do not depend on what lies beside it", arguments: TrainerExecutors.allKernels)
  func samplesAreApart(_ choice: ExecutorChoice) throws {
    let golden = try LlamaGolden.load("grouped-query-tied")
    let model = try LoadedModel.open(LlamaGolden.folder("grouped-query-tied"), on: choice)
    let text = golden.sequences[3].ids
    let alone = try model.tokenLogProbabilities([text], rowCapacity: 128)
    let together = try model.tokenLogProbabilities([golden.sequences[0].ids, text], rowCapacity: 128)
    #expect(largestDifference(alone[0], together[1]) <= 1e-5)
  }
}
