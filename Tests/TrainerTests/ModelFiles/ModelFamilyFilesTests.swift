import Foundation
import TestSupport
import Testing
import Trainer

@Suite("Families in files")
struct ModelFamilyFilesTests {
  @Test("GGUF as llama.cpp's converter writes it holds the same weights", arguments: FamilyGolden.names)
  func readsGGUF(_ name: String) throws {
    let folder = FamilyGolden.folder(name)
    let (source, gguf) = (try openModel(at: folder), try openModel(at: folder.appending(path: "model.gguf")))
    for tensor in source.tensorNames { #expect(try gguf.tensor(tensor) == source.tensor(tensor), "\(tensor)") }
    var (wanted, found) = (source.configuration, gguf.configuration)
    // The converter writes no vocabulary, and does not know these families' windows.
    if ["mistral", "qwen2-sliding"].contains(name) {
      (wanted.slidingWindow, wanted.windowedLayers) = (nil, [])
      wanted.family = found.family
    }
    wanted.maxPositionEmbeddings = found.maxPositionEmbeddings
    for path in [\LlamaConfiguration.bosTokenID, \.padTokenID] { found[keyPath: path] = wanted[keyPath: path] }
    (found.eosTokenIDs, found.initializerRange) = (wanted.eosTokenIDs, wanted.initializerRange)
    #expect(found == wanted)
  }

  @Test("a folder, GGUF and a folder again: bit-equal, with the configuration", arguments: FamilyGolden.names)
  func roundTrip(_ name: String) throws {
    let scratch = try CheckpointScratch()
    let source = try openModel(at: FamilyGolden.folder(name))
    let (file, folder) = (scratch.url.appending(path: "model.gguf"), scratch.url.appending(path: "again"))
    try GGUFWriter.write(source, as: .float32, vocabulary: nil, to: file)
    let gguf = try openModel(at: file)
    try HuggingFaceWriter.write(gguf, to: folder)
    let again = try openModel(at: folder)
    for tensor in source.tensorNames { #expect(try again.tensor(tensor) == source.tensor(tensor), "\(tensor)") }
    var (wanted, found) = (source.configuration, again.configuration)
    for path in [\LlamaConfiguration.bosTokenID, \.padTokenID] { found[keyPath: path] = wanted[keyPath: path] }
    (found.eosTokenIDs, found.initializerRange) = (wanted.eosTokenIDs, wanted.initializerRange)
    #expect(found == wanted)
    #expect(gguf.configuration == again.configuration)
  }

  @Test("a configuration that contradicts its tensors says which", arguments: ["qwen3", "olmo2"])
  func contradiction(_ name: String) throws {
    let scratch = try CheckpointScratch()
    let folder = FamilyGolden.folder(name)
    let weights = try Data(contentsOf: folder.appending(path: "model.safetensors"))
    try scratch.write(weights, "model.safetensors")
    let config = try JSONParser.object(path: folder.appending(path: "config.json").path)
    let members = config.members.map { ($0.0, $0.0 == "model_type" ? JSON.string("llama") : $0.1) }
    try scratch.write(.object(JSONObject(members)), "config.json")
    let error = try #require(checkpointError { _ = try openModel(at: scratch.url) })
    #expect(error.problem.contains("_norm.weight") || error.problem.contains("layernorm.weight"), "\(error)")
  }

  @Test("a key of another family is refused by name")
  func strangerKeys() throws {
    for (type, key, value) in [
      ("llama", "residual_multiplier", JSON.number(0.2)), ("qwen2", "no_rope_layers", [1, 0]),
      ("gemma3_text", "attn_logit_softcapping", .number(50)), ("granite", "sliding_window", 16),
    ] {
      let scratch = try CheckpointScratch()
      let config: JSON = .object(JSONObject([("model_type", .string(type)), (key, value)]))
      try scratch.write(config, "config.json")
      let error = try #require(checkpointError { _ = try FolderConfigurations.read(scratch.url) })
      #expect(error.kind == .unsupported && error.problem.contains(key) && error.byteOffset != nil, "\(error)")
    }
  }
}
