import GPUTensor
import TestSupport
import Testing
import Trainer

@Suite("Generation")
struct GeneratorTests {
  private static let prompts: [[Int32]] = [[3], [5, 6, 7, 8, 9, 10, 11], [12, 3], [40, 41, 42], [5, 6, 7, 8, 2]]

  private func generator(_ model: LoadedModel, sequences: Int, contextLength: Int = 24) throws -> Generator {
    let generator = Generator(
      model: model.deviceModel, rope: model.rope, executor: model.executor, contextLength: contextLength,
      sequences: sequences)
    try model.executor.prepare(generator.plans)
    return generator
  }

  @Test(
    "several sequences at once, more than there are places, go on as each alone does", arguments: [1, 2, 3, 8],
    TrainerExecutors.all)
  func several(_ sequences: Int, _ choice: ExecutorChoice) throws {
    let model = try LoadedModel.open(TestData.golden("llama/grouped-query-tied"), on: choice)
    let stops: Set<Int32> = [7]
    let alone = try Self.prompts.map { prompt in
      try generator(model, sequences: 1).generate(prompt: prompt, maxTokens: 12, stops: stops, sampling: .init())
    }
    let together = try generator(model, sequences: sequences)
    #expect(
      try together.generate(prompts: Self.prompts, maxTokens: 12, stops: stops, sampling: .init()) == alone)
    // Again, in another order, with a cache that other texts have filled.
    let reversed = try together.generate(
      prompts: Self.prompts.reversed(), maxTokens: 12, stops: stops, sampling: .init())
    #expect(reversed == alone.reversed())
  }

  @Test("an answer ends where the context does, where it is told to, and never after another's stop")
  func ends() throws {
    let model = try LoadedModel.open(TestData.golden("llama/grouped-query-tied"), on: .fallback)
    let narrow = try generator(model, sequences: 2, contextLength: 8)
    let full = try narrow.generate(prompts: [[3], [5, 6, 7, 8, 9]], maxTokens: 100, stops: [], sampling: .init())
    // The cache holds 8 tokens; the last token drawn needs no place in it.
    #expect(full.map(\.count) == [8, 4])
    var told: [Int: Int] = [:]
    let stopped = try narrow.generate(prompts: [[3], [5]], maxTokens: 6, stops: [], sampling: .init()) { prompt, _ in
      told[prompt, default: 0] += 1
      return prompt == 1 || told[prompt] != 2
    }
    #expect(stopped.map(\.count) == [2, 6] && told == [0: 2, 1: 6])
  }

  @Test("a seed draws the same tokens again, whatever else is being written")
  func seeds() throws {
    let model = try LoadedModel.open(TestData.golden("llama/grouped-query-tied"), on: .fallback)
    let sampling = Generator.Sampling(temperature: 1.5, topK: 20, topP: 0.95, seed: 11)
    let first = try generator(model, sequences: 2).generate(
      prompts: Self.prompts, maxTokens: 8, stops: [], sampling: sampling)
    let again = try generator(model, sequences: 4).generate(
      prompts: Self.prompts, maxTokens: 8, stops: [], sampling: sampling)
    #expect(first == again)
    let other = try generator(model, sequences: 2).generate(
      prompts: Self.prompts, maxTokens: 8, stops: [], sampling: .init(temperature: 1.5, topK: 20, topP: 0.95, seed: 12))
    #expect(first != other)
  }
}
