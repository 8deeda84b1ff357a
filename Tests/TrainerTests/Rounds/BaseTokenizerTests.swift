import Foundation
import GPUTensor
import TestSupport
import Testing

import Trainer

@Suite("A tokenizer beside a pretrained base")
struct BaseTokenizerTests {
  /// A small model without a tokenizer.
  private func model(in fixture: RunFixture, rows: Int = 259) throws -> URL {
    let folder = fixture.folder.appending(path: "model")
    let configuration = LlamaConfiguration(
      vocabSize: rows, hiddenSize: 8, intermediateSize: 8, numHiddenLayers: 1, numAttentionHeads: 2,
      maxPositionEmbeddings: 512)
    let counts = Dictionary(uniqueKeysWithValues: configuration.parameters.map { ($0.name, $0.elementCount) })
    try HuggingFaceWriter.write(configuration, to: folder) { name in
      (0..<(counts[name] ?? 0)).map { Float(($0 * 7919 + name.utf8.count) % 1000) / 1000 - 0.3 }
    }
    return folder
  }

  private func tokenizer(in fixture: RunFixture) throws -> URL {
    let folder = fixture.folder.appending(path: "tokenizer")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try writeTokenizer(try ByteTokenizer(vocabularySize: 259), to: folder)
    return folder
  }

  private func recipe(_ fixture: RunFixture, _ base: URL, tokenizer: URL?) throws -> Recipe {
    let rows = try fixture.write("rows.jsonl", word: "one", rows: 4)
    var recipe = fixture.recipe(
      base: .model(base), settings: RunFixture.settings(steps: 1, saveSteps: 1), rounds: [("a", rows)])
    recipe.baseTokenizer = tokenizer
    return recipe
  }

  @Test("it reads the rows, and every round's folder carries it")
  func rounds() throws {
    let fixture = try RunFixture()
    let base = try model(in: fixture)
    #expect(throws: DatasetError.self) { try RunInputs(recipe(fixture, base, tokenizer: nil)) { _ in } }
    let named = try recipe(fixture, base, tokenizer: tokenizer(in: fixture))
    #expect(try TextEncoding(named).tokenizer?.vocabularySize == 259)
    let (_, notes) = try fixture.run(named, on: CPUExecutor<Float>())
    #expect(notes.contains { $0.hasSuffix("/tokenizer, as base.tokenizer says") }, "\(notes)")
    let saved = try openModel(at: fixture.rounds.appending(path: "final"))
    let text = "one 1: é"
    #expect(try loadTokenizer(of: saved)?.encode(text) == loadTokenizer(at: tokenizer(in: fixture)).encode(text))
  }

  @Test("it stands in for the base's own, and one with more tokens than the base is refused")
  func ownAndTooMany() throws {
    let fixture = try RunFixture()
    let base = try model(in: fixture)
    try writeTokenizer(try ByteTokenizer(vocabularySize: 259), to: base)
    let other = try tokenizer(in: fixture)
    let configuration = other.appending(path: "tokenizer_config.json")
    let template = #"{"chat_template": "{{ messages[0]['content'] }}"}"#
    try Data(template.utf8).write(to: configuration)
    #expect(try TextEncoding(recipe(fixture, base, tokenizer: nil)).tokenizer?.chatTemplate == nil)
    #expect(try TextEncoding(recipe(fixture, base, tokenizer: other)).tokenizer?.chatTemplate != nil)
    let narrow = try RunFixture()
    let large = try recipe(narrow, model(in: narrow, rows: 200), tokenizer: other)
    for open in [{ _ = try RunInputs(large) { _ in } }, { _ = try TextEncoding(large) }] {
      let error = #expect(throws: RoundError.self) { try open() }
      #expect(error.map { "\($0)" }?.contains("259 tokens, the model 200 rows") == true, "\(String(describing: error))")
    }
  }
}
