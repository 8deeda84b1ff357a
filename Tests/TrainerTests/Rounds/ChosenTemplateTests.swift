import Foundation
import TestSupport
import Testing

import Trainer

@Suite("Chat templates that a recipe names")
struct ChosenTemplateTests {
  private static let embedding = "model.embed_tokens.weight"

  /// A folder of a small model with a tokenizer of bytes, which has 259 tokens and no template.
  private func model(in fixture: RunFixture, rows: Int, isTied: Bool) throws -> URL {
    let folder = fixture.folder.appending(path: "model")
    let configuration = LlamaConfiguration(
      vocabSize: rows, hiddenSize: 8, intermediateSize: 8, numHiddenLayers: 1, numAttentionHeads: 2,
      maxPositionEmbeddings: 512, tieWordEmbeddings: isTied, bosTokenID: 256, eosTokenIDs: [257])
    let counts = Dictionary(uniqueKeysWithValues: configuration.parameters.map { ($0.name, $0.elementCount) })
    try HuggingFaceWriter.write(configuration, to: folder) { name in
      (0..<(counts[name] ?? 0)).map { Float(($0 * 7919 + name.utf8.count) % 1000) / 1000 - 0.3 }
    }
    try writeTokenizer(try ByteTokenizer(vocabularySize: 259), to: folder)
    return folder
  }

  private func recipe(_ fixture: RunFixture, _ base: URL, _ template: RecipeChatTemplate?) throws -> Recipe {
    let file = fixture.folder.appending(path: "rows.jsonl")
    let row = #"{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}"#
    try Data((row + "\n").utf8).write(to: file)
    var settings = RunFixture.settings(steps: 1, saveSteps: 1)
    settings.sequenceLength = 256
    var recipe = fixture.recipe(base: .model(base), settings: settings, rounds: [("a", file)])
    recipe.chatTemplate = template
    return recipe
  }

  @Test(
    "a new token has the mean of the others' rows, in free rows where there are some; other rows stay",
    arguments: [(259, true), (260, true), (264, true), (259, false), (264, false)])
  func rows(_ count: Int, _ isTied: Bool) throws {
    let fixture = try RunFixture()
    let folder = try model(in: fixture, rows: count, isTied: isTied)
    var notes: [String] = []
    let inputs = try RunInputs(recipe(fixture, folder, .builtin(.chatml))) { notes.append($0) }
    let rows = max(count, 261)
    #expect(inputs.configuration.vocabSize == rows)
    #expect(inputs.configuration.eosTokenIDs == [260, 257])
    let place = count == rows ? "in free rows of its 264" : "vocabulary \(count) → 261"
    #expect(notes.contains { $0.contains("2 new tokens, <|im_start|>, <|im_end|> (\(place))") }, "\(notes)")
    guard case .source(let grown) = inputs.base else { throw CocoaError(.featureUnsupported) }
    let source = try openModel(at: folder)
    for name in source.tensorNames {
      let (old, new) = (try source.tensor(name), try grown.tensor(name))
      guard name == Self.embedding || name == "lm_head.weight" else {
        #expect(old == new, "\(name)")
        continue
      }
      #expect(new.count == rows * 8)
      #expect(Array(new[..<(259 * 8)]) == Array(old[..<(259 * 8)]))
      #expect(Array(new[min(261 * 8, new.count)...]) == Array(old[min(261 * 8, old.count)...]))
      for column in 0..<8 {
        let mean = (0..<259).reduce(0.0) { $0 + Double(old[$1 * 8 + column]) } / 259
        for row in [259, 260] { #expect(abs(Double(new[row * 8 + column]) - mean) < 1e-7) }
      }
    }
  }

  @Test("the saved tokenizer gives the same ids, the template and the end")
  func tokenizer() throws {
    let fixture = try RunFixture()
    let folder = try model(in: fixture, rows: 259, isTied: true)
    let inputs = try RunInputs(recipe(fixture, folder, .builtin(.chatml))) { _ in }
    let tokenizer = try #require(inputs.tokenizer)
    let text = "<|im_start|>user\nGrüße<|im_end|><|eos|>"
    #expect(tokenizer.encode("<|im_start|>") == [259] && tokenizer.encode("<|im_end|>") == [260])
    #expect(tokenizer.encodeOrdinary("<|im_end|>").count == 10)
    let saved = fixture.folder.appending(path: "saved")
    try writeTokenizer(tokenizer, to: saved)
    let again = try loadTokenizer(at: saved)
    #expect(again.encode(text) == tokenizer.encode(text))
    #expect(again.chatTemplate == tokenizer.chatTemplate && again.chatTemplate?.contains("<|im_start|>") == true)
    #expect(again.special.eos.first == 260 && again.isSpecial(259))
    #expect(inputs.unions[0][0].samples[0].labels.suffix(3) == [98, 260, Sample.ignoredLabel])
  }

  @Test("a file brings the control tokens that it spells, and ends in the one after the assistant's words")
  func file() throws {
    let fixture = try RunFixture()
    let folder = try model(in: fixture, rows: 259, isTied: true)
    let file = TestData.golden("templates/families/phi4.jinja")
    let inputs = try RunInputs(recipe(fixture, folder, .file(file))) { _ in }
    let tokenizer = try #require(inputs.tokenizer)
    #expect(tokenizer.special.eos.first.map { tokenizer.piece($0) } == "<|end|>")
    #expect(tokenizer.encode("<|assistant|>").count == 1)
    var adapters = try recipe(fixture, folder, .file(file))
    // What is adapted itself has no rows of its own.
    var lora = LoRASettings()
    (lora.targets, lora.betweenRounds) = (.named(["embed_tokens"]), .continue)
    adapters.method = .lora(lora, initial: nil)
    let error = #expect(throws: RoundError.self) { try RunInputs(adapters) { _ in } }
    #expect(error?.description.contains("method.trainable_token_indices") == true, "\(error as Any)")
    adapters.chatTemplate = .builtin(.alpaca)
    #expect(throws: Never.self) { try RunInputs(adapters) { _ in } }
  }

  @Test(
    "an adapter trains the rows of new tokens, names them in its configuration, and makes the model with them",
    arguments: [true, false], TrainerExecutors.all)
  func adapter(_ isTied: Bool, _ choice: ExecutorChoice) throws {
    let fixture = try RunFixture()
    let folder = try model(in: fixture, rows: 259, isTied: isTied)
    var recipe = try recipe(fixture, folder, .builtin(.chatml))
    recipe.method = .lora(LoRASettings(), initial: nil)
    (recipe.rounds[0].settings.duration, recipe.rounds[0].settings.warmupSteps) = (.steps(3), 0)
    let (_, notes) = try fixture.run(recipe, on: choice.make())
    #expect(
      notes.contains { $0.contains("<|im_end|>") && $0.hasSuffix("beside the adapters (trainable_token_indices)") },
      "\(notes)")
    let saved = fixture.rounds.appending(path: "01-a")
    let config = try JSONSerialization.jsonObject(with: Data(contentsOf: saved.appending(path: "adapter_config.json")))
    let indices = (config as? [String: Any])?["trainable_token_indices"] as? [String: [Int]]
    #expect(
      indices == (isTied ? ["embed_tokens": [259, 260]] : ["embed_tokens": [259, 260], "lm_head": [259, 260]]))
    let merged = try openModel(at: saved)
    let source = try openModel(at: folder)
    #expect(merged.configuration.vocabSize == 261 && merged.configuration.tieWordEmbeddings == isTied)
    for name in isTied ? [Self.embedding] : [Self.embedding, "lm_head.weight"] {
      let (old, new) = (try source.tensor(name), try merged.tensor(name))
      #expect(Array(new[..<(259 * 8)]) == old)
      // The rows begin as the mean, and have moved.
      let mean = (0..<8).map { column in (0..<259).reduce(0.0) { $0 + Double(old[$1 * 8 + column]) } / 259 }
      let moved = (0..<8).map { abs(Double(new[260 * 8 + $0]) - mean[$0]) }
      #expect(moved.contains { $0 > 1e-6 } && moved.allSatisfy { $0 < 0.1 }, "\(name) \(moved)")
    }
    #expect(try loadTokenizer(of: merged)?.encode("<|im_end|>") == [260])
  }

  @Test("a template of the base's own gives way, and that is said")
  func replaced() throws {
    let fixture = try RunFixture()
    let folder = try model(in: fixture, rows: 259, isTied: true)
    try Data("{{ messages[0].content }}".utf8).write(to: folder.appending(path: "chat_template.jinja"))
    var notes: [String] = []
    let inputs = try RunInputs(recipe(fixture, folder, .builtin(.alpaca))) { notes.append($0) }
    #expect(notes.contains("chat template: the recipe's alpaca, in place of the base's own"))
    #expect(inputs.tokenizer?.chatTemplate?.contains("### Response:") == true)
    let saved = fixture.folder.appending(path: "saved")
    try writeTokenizer(try #require(inputs.tokenizer), to: saved)
    #expect(try loadTokenizer(at: saved).chatTemplate == inputs.tokenizer?.chatTemplate)
  }
}
