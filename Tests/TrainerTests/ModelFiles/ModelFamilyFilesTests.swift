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

  /// A copy of a golden's folder whose config.json has other members, null for none.
  private func folder(_ name: String, _ changes: [(String, JSON)]) throws -> CheckpointScratch {
    let scratch = try CheckpointScratch()
    let golden = FamilyGolden.folder(name)
    try scratch.write(Data(contentsOf: golden.appending(path: "model.safetensors")), "model.safetensors")
    let config = try JSONParser.object(path: golden.appending(path: "config.json").path)
    let kept = config.members.filter { member in !changes.contains { $0.0 == member.key } }.map { ($0.key, $0.value) }
    try scratch.write(.object(JSONObject(kept + changes)), "config.json")
    return scratch
  }

  @Test("rope_scaling beside rope_parameters that say something else is refused")
  func twoScalings() throws {
    let plain: JSON = .object(JSONObject([("rope_type", "default"), ("rope_theta", .number(10000))]))
    let yarn: JSON = .object(
      JSONObject([("rope_type", "yarn"), ("factor", .number(4)), ("original_max_position_embeddings", 64)]))
    let keys: [(String, JSON)] = [("rope_theta", .null), ("rope_parameters", plain)]
    let scratch = try folder("qwen3", keys + [("rope_scaling", yarn)])
    let error = try #require(checkpointError { _ = try openModel(at: scratch.url) })
    #expect(error.kind == .unsupported && error.problem.contains("rope_scaling stands beside"), "\(error)")
    let same = try folder("qwen3", keys + [("rope_scaling", .object(JSONObject([("rope_type", "default")])))])
    #expect(throws: Never.self) { try openModel(at: same.url) }
  }

  @Test("a Mistral's layer_types say which layers have a window, and are written again")
  func mistralLayers() throws {
    let count = try openModel(at: FamilyGolden.folder("mistral")).configuration.numHiddenLayers
    let types = (0..<count).map { JSON.string($0 == 0 ? "full_attention" : "sliding_attention") }
    let scratch = try folder("mistral", [("layer_types", .array(types))])
    let source = try openModel(at: scratch.url)
    #expect(source.configuration.windowedLayers == Set(1..<count))
    let again = scratch.url.appending(path: "again")
    try HuggingFaceWriter.write(source, to: again)
    #expect(try openModel(at: again).configuration == source.configuration)
    let plain = try openModel(at: FamilyGolden.folder("mistral"))
    try HuggingFaceWriter.write(plain, to: again)
    #expect(try JSONParser.object(path: again.appending(path: "config.json").path)["layer_types"] == nil)
  }

  @Test("a soft cap of Gemma 3's logits comes back from GGUF")
  func gemma3Cap() throws {
    let scratch = try folder("gemma3", [("final_logit_softcapping", .number(3))])
    let source = try openModel(at: scratch.url)
    #expect(source.configuration.logitSoftCap == 3)
    let file = scratch.url.appending(path: "model.gguf")
    try GGUFWriter.write(source, as: .float32, vocabulary: nil, to: file)
    #expect(try openModel(at: file).configuration.logitSoftCap == 3)
  }

  @Test("a file without model_type is what its class says")
  func noModelType() throws {
    let scratch = try folder("qwen3", [("model_type", .null)])
    #expect(try openModel(at: scratch.url).configuration.family == .qwen3)
  }

  @Test("Llama 3's scaling comes back from GGUF whatever its context of pretraining", arguments: [64, 8192, 3000])
  func llama3Scaling(_ original: Int) throws {
    let scaling = RopeScaling.llama3(
      factor: 8, lowFreqFactor: 1, highFreqFactor: 4, originalMaxPositionEmbeddings: original)
    var model = LlamaConfiguration(
      vocabSize: 12, hiddenSize: 128, intermediateSize: 10, numHiddenLayers: 1, numAttentionHeads: 2,
      numKeyValueHeads: 1)
    model.ropeScaling = scaling
    let factors = GGUFRopeFrequencies.llama3Factors(
      count: model.headDim / 2, theta: model.ropeTheta, factor: 8, low: 1, high: 4, original: Double(original))
    let found = try #require(
      GGUFRopeFrequencies.scaling(factors: factors.map { Float($0) }, theta: model.ropeTheta))
    guard case .llama3(_, _, _, let context) = found else {
      Issue.record("\(found)")
      return
    }
    let again = GGUFRopeFrequencies.llama3Factors(
      count: model.headDim / 2, theta: model.ropeTheta, factor: 8, low: 1, high: 4, original: Double(context))
    for (a, b) in zip(factors, again) { #expect(abs(a - b) <= 1e-4 * a) }
  }
}
