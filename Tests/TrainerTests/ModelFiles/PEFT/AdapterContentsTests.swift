import Foundation
import TestSupport
import Testing
import Trainer

@Suite("The tensors of an adapter's file")
struct AdapterContentsTests {
  private static let embedding = "model.embed_tokens.weight"
  private static let head = "lm_head.weight"

  /// A copy of a golden adapter, with its tensors renamed or changed.
  private static func copy(
    _ name: String, in scratch: CheckpointScratch, base: URL, key: ((String) -> String) = { $0 },
    change: (String, inout [Float]) -> Void = { _, _ in }, configuration: (inout [String: Any]) -> Void = { _ in }
  ) throws -> URL {
    let folder = scratch.url.appending(path: "adapter")
    try FileManager.default.copyItem(at: TestData.golden("peft/\(name)"), to: folder)
    let weights = folder.appending(path: "adapter_model.safetensors")
    let old = try SafetensorsFile(weights)
    var values: [String: [Float]] = [:]
    for entry in old.entries {
      var floats = try old.floats(entry.name)
      change(entry.name, &floats)
      values[key(entry.name)] = floats
    }
    let entries = old.entries.map { ParameterDescription(name: key($0.name), shape: $0.shape) }
    try SafetensorsWriter.write(entries.filter { !$0.name.isEmpty }, to: weights) { values[$0] ?? [] }
    let file = folder.appending(path: "adapter_config.json")
    var object = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
    object["base_model_name_or_path"] = base.path
    configuration(&object)
    try JSONSerialization.data(withJSONObject: object).write(to: file)
    return folder
  }

  private static let untied = TestData.golden("peft/base")

  @Test("adapters of a tied embedding and of its projection make a model that has both, and says so")
  func untied() throws {
    let base = try openModel(at: TrainingGolden.model)
    let model = try openModel(at: TestData.golden("peft/tables-tied"))
    #expect(base.configuration.tieWordEmbeddings && !model.configuration.tieWordEmbeddings)
    #expect(model.notes.count { $0.contains("parts embedding and output projection") } == 1, "\(model.notes)")
    let matrices = try [base.tensor(Self.embedding), model.tensor(Self.embedding), model.tensor(Self.head)]
    #expect(matrices[0] != matrices[1] && matrices[1] != matrices[2] && matrices[0] != matrices[2])
    let scratch = try CheckpointScratch()
    let (folder, file) = (scratch.url.appending(path: "model"), scratch.url.appending(path: "model.gguf"))
    try HuggingFaceWriter.write(model, to: folder)
    try GGUFWriter.write(model, as: .float32, vocabulary: nil, to: file)
    for copy in [try openModel(at: folder), try openModel(at: file)] {
      #expect(!copy.configuration.tieWordEmbeddings)
      for name in [Self.embedding, Self.head] { #expect(try copy.tensor(name) == model.tensor(name)) }
    }
  }

  @Test("rows of a token beyond the base's enlarge it; with a row or a token missing they are refused by key")
  func tokens() throws {
    func folder(_ lists: [String: [Int]], _ scratch: CheckpointScratch) throws -> URL {
      try Self.copy(
        "tokens", in: scratch, base: Self.untied, configuration: { $0["trainable_token_indices"] = lists })
    }
    let scratch = try CheckpointScratch()
    let model = try openModel(at: folder(["embed_tokens": [64, 160, 2], "lm_head": [160, 121]], scratch))
    let base = try openModel(at: Self.untied)
    #expect(base.configuration.vocabSize == 160 && model.configuration.vocabSize == 161)
    let file = try SafetensorsFile(TestData.golden("peft/tokens/adapter_model.safetensors"))
    let key = "base_model.model.lm_head.token_adapter.trainable_tokens_delta"
    let (rows, old, new) = (try file.floats(key), try base.tensor(Self.head), try model.tensor(Self.head))
    var expected = old + rows[..<32]
    expected.replaceSubrange(121 * 32..<122 * 32, with: rows[32...])
    #expect(new == expected)
    let faults: [[String: [Int]]] = [
      ["embed_tokens": [64, 160, 2], "lm_head": [5, 121]], ["embed_tokens": [64, 161, 2], "lm_head": [161, 121]],
      ["embed_tokens": [64, .max, 2], "lm_head": [.max, 121]], ["embed_tokens": [64, -1, 2], "lm_head": [5, 121]],
      ["embed_tokens": [64, 5], "lm_head": [5, 121]], ["embed_tokens": [64, 5, 2], "q_proj": [5, 121]],
    ]
    for lists in faults {
      let other = try CheckpointScratch()
      let error = #expect(throws: FileError.self) { try openModel(at: folder(lists, other)) }
      #expect("\(error as Any)".contains("trainable_token_indices"), "\(lists)")
    }
  }

  @Test("adapters that PEFT ties leave one matrix")
  func ensured() throws {
    let model = try openModel(at: TestData.golden("peft/tables-ensured"))
    #expect(model.configuration.tieWordEmbeddings && model.notes.isEmpty, "\(model.notes)")
    #expect(try model.tensor(Self.embedding) != openModel(at: TrainingGolden.model).tensor(Self.embedding))
  }

  @Test(
    "a state dict's names are read, whatever the adapter is called, and one line says so",
    arguments: ["default", "sft"])
  func stateDict(_ name: String) throws {
    let scratch = try CheckpointScratch()
    let folder = try Self.copy("state-dict", in: scratch, base: Self.untied) {
      "module." + $0.replacing(".default", with: "." + name)
    }
    let (model, plain) = (try openModel(at: folder), try openModel(at: TestData.golden("peft/state-dict")))
    for name in plain.tensorNames { #expect(try model.tensor(name) == plain.tensor(name), "\(name)") }
    #expect(model.notes.count { $0.contains("\"\(name)\"") } == 1, "\(model.notes)")
  }

  @Test("a copy of a base's weight that is another base's is refused by its name")
  func foreignCopy() throws {
    for (name, tensor) in [
      ("tables", "model.embed_tokens.base_layer.weight"), ("state-dict", "model.layers.0.mlp.up_proj.weight"),
      ("state-dict", "model.norm.original_module.weight"),
    ] {
      let scratch = try CheckpointScratch()
      let folder = try Self.copy(
        name, in: scratch, base: Self.untied,
        change: { key, values in
          if key.hasSuffix(tensor) { values[3] += 0.5 }
        })
      let error = checkpointError { _ = try openModel(at: folder) }
      #expect(error?.kind == .unsupported && error?.problem.contains(tensor) == true, "\(error as Any)")
    }
  }

  @Test("two adapters in a file, and tensors that nothing takes, are refused by name")
  func strangers() throws {
    var scratch = try CheckpointScratch()
    var folder = try Self.copy("state-dict", in: scratch, base: Self.untied) {
      $0.contains("lora_B.default") ? $0.replacing("default", with: "other") : $0
    }
    let two = checkpointError { _ = try openModel(at: folder) }
    #expect(two?.problem.contains("\"default\", \"other\"") == true || two?.problem.contains("2 adapters") == true)
    scratch = try CheckpointScratch()
    folder = try Self.copy("tables", in: scratch, base: Self.untied) { $0.replacing("v_proj", with: "w_proj") }
    let stranger = checkpointError { _ = try openModel(at: folder) }
    #expect(stranger?.kind == .unsupported && stranger?.problem.contains("w_proj.lora_A") == true, "\(stranger as Any)")
  }

  @Test("biases that the configuration promises and the file lacks are missed by name; an unknown word is refused")
  func biases() throws {
    var scratch = try CheckpointScratch()
    var folder = try Self.copy("biases-adapted", in: scratch, base: Self.untied) {
      $0.contains("down_proj.base_layer") ? "" : $0
    }
    let missing = checkpointError { _ = try openModel(at: folder) }
    #expect(
      missing?.problem.contains("the bias of model.layers.0.mlp.down_proj is missing") == true, "\(missing as Any)")
    scratch = try CheckpointScratch()
    folder = try Self.copy("biases-adapted", in: scratch, base: Self.untied, configuration: { $0["bias"] = "some" })
    #expect(checkpointError { _ = try openModel(at: folder) }?.problem.contains("bias is some") == true)
    // The same tensors without the word are copies of the base's biases, and these are others.
    scratch = try CheckpointScratch()
    folder = try Self.copy("biases-adapted", in: scratch, base: Self.untied, configuration: { $0["bias"] = "none" })
    #expect(checkpointError { _ = try openModel(at: folder) }?.problem.contains("base_layer.bias") == true)
  }

  @Test("magnitudes of an embedding are refused by the key that asks for them")
  func magnitudes() throws {
    let scratch = try CheckpointScratch()
    let folder = try Self.copy("tables", in: scratch, base: Self.untied, configuration: { $0["use_dora"] = true })
    #expect(checkpointError { _ = try openModel(at: folder) }?.problem.contains("use_dora") == true)
  }
}
