import Foundation
import Testing

import Trainer

@Suite struct HuggingFaceModelTests {
  private let small = SmallLlama()

  /// Writes weights under other names or shapes beside the right config.json.
  private func folder(_ scratch: CheckpointScratch, _ tensors: [ParameterDescription]) throws -> URL {
    try small.writeHuggingFace(to: scratch.url)
    try SafetensorsWriter.write(tensors, to: scratch.url.appending(path: "model.safetensors")) { name, emit in
      let count = tensors.first { $0.name == name }?.elementCount ?? 0
      try [Float](repeating: 0, count: count).withUnsafeBufferPointer { try emit($0) }
    }
    return scratch.url
  }

  private func problem(_ tensors: [ParameterDescription]) throws -> FileError {
    let scratch = try CheckpointScratch()
    let url = try folder(scratch, tensors)
    return try #require(checkpointError { _ = try openModel(at: url) })
  }

  @Test(arguments: FloatStorage.allCases) func whatIsWrittenIsReadBack(_ storage: FloatStorage) throws {
    let scratch = try CheckpointScratch()
    try small.writeHuggingFace(to: scratch.url, as: storage)
    let model = try openModel(at: scratch.url)
    #expect(model.configuration == small.configuration)
    #expect(model.tokenizerFiles == .none)
    for name in model.tensorNames { #expect(try model.tensor(name) == small.weights(name)) }
    let again = scratch.url.appending(path: "again")
    try HuggingFaceWriter.write(model, as: storage, to: again)
    #expect(
      try FileHash.sha256(of: again.appending(path: "model.safetensors"))
        == FileHash.sha256(of: scratch.url.appending(path: "model.safetensors")))
  }

  @Test func missingUnexpectedAndMisshapenTensorsAreNamed() throws {
    let right = small.configuration.parameters
    let missing = try problem(right.filter { $0.name != "model.layers.1.mlp.up_proj.weight" })
    #expect(missing.problem == "tensor \"model.layers.1.mlp.up_proj.weight\" of shape [10, 8] is missing")
    let extra = try problem(right + [ParameterDescription(name: "score.weight", shape: [2, 8])])
    #expect(extra.problem.contains("\"score.weight\" is no part"))
    let misshapen = try problem(
      right.map { $0.name == "model.norm.weight" ? ParameterDescription(name: $0.name, shape: [9]) : $0 })
    #expect(misshapen.problem == "tensor \"model.norm.weight\" has shape [9], but the configuration makes it [8]")
    let untied = try problem(right.filter { $0.name != "lm_head.weight" })
    #expect(untied.remedy.contains("tie_word_embeddings"))
  }

  @Test func rotaryTablesAndTheCopyOfATiedOutputAreIgnored() throws {
    var small = small
    let scratch = try CheckpointScratch()
    let untied = small.configuration.parameters
    let url = try folder(
      scratch, untied + [ParameterDescription(name: "model.layers.0.self_attn.rotary_emb.inv_freq", shape: [2])])
    #expect(throws: Never.self) { try openModel(at: url) }
    small.configuration.tieWordEmbeddings = true
    try scratch.write(small.configuration.huggingFaceConfig(), "config.json")
    #expect(try openModel(at: url).tensorNames.contains("lm_head.weight") == false)
  }

  @Test func aHeadOfItsOwnIsReadAlthoughTheConfigurationTiesIt() throws {
    let scratch = try CheckpointScratch()
    try small.writeHuggingFace(to: scratch.url)
    var tied = small.configuration
    tied.tieWordEmbeddings = true
    try scratch.write(tied.huggingFaceConfig(), "config.json")
    let model = try openModel(at: scratch.url)
    #expect(!model.configuration.tieWordEmbeddings && model.notes.contains { $0.contains("lm_head.weight") })
    #expect(try model.tensor("lm_head.weight") == small.weights("lm_head.weight"))
  }

  @Test func shardsWithoutTheirIndexAreNamed() throws {
    let scratch = try CheckpointScratch()
    try small.writeHuggingFace(to: scratch.url)
    try FileManager.default.moveItem(
      at: scratch.url.appending(path: "model.safetensors"),
      to: scratch.url.appending(path: "model-00001-of-00001.safetensors"))
    let error = try #require(checkpointError { _ = try openModel(at: scratch.url) })
    #expect(error.problem.contains("model-00001-of-00001.safetensors") && error.problem.contains("index"), "\(error)")
  }

  @Test func shardsAreReadThroughTheIndex() throws {
    let scratch = try CheckpointScratch()
    try small.writeHuggingFace(to: scratch.url)
    try FileManager.default.removeItem(at: scratch.url.appending(path: "model.safetensors"))
    let parameters = small.configuration.parameters
    let halves = [parameters[..<9], parameters[9...]].map(Array.init)
    let names = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
    var map: [String] = []
    for (half, name) in zip(halves, names) {
      try SafetensorsWriter.write(half, to: scratch.url.appending(path: name)) { small.weights($0) }
      map += half.map { "\"\($0.name)\": \"\(name)\"" }
    }
    func index(_ map: [String]) throws {
      try scratch.write("{\"weight_map\": {\(map.joined(separator: ","))}}", "model.safetensors.index.json")
    }
    try index(map)
    let model = try openModel(at: scratch.url)
    for name in model.tensorNames { #expect(try model.tensor(name) == small.weights(name)) }

    try index(map.map { $0.replacing(names[1], with: "../" + names[1]) })
    #expect(checkpointError { _ = try openModel(at: scratch.url) }?.problem.contains("leaves the folder") == true)
    try index(map.map { $0.replacing(names[1], with: "/etc/passwd") })
    #expect(checkpointError { _ = try openModel(at: scratch.url) }?.problem.contains("leaves the folder") == true)
    try index(map.map { $0.replacing(names[1], with: names[0]) })
    #expect(checkpointError { _ = try openModel(at: scratch.url) }?.problem.contains("does not have it") == true)
    try index(map)
    try FileManager.default.removeItem(at: scratch.url.appending(path: names[1]))
    let missing = checkpointError { _ = try openModel(at: scratch.url) }
    #expect(missing?.kind == .notFound)
    #expect(missing?.path.hasSuffix(names[1]) == true)
  }

  /// The weights under the names of a wrapper.
  private func renamed(_ added: String, _ dropped: String) -> [(key: String, stored: ParameterDescription)] {
    small.configuration.parameters.map { parameter in
      let rest = parameter.name.hasPrefix(dropped) ? String(parameter.name.dropFirst(dropped.count)) : parameter.name
      return (parameter.name, ParameterDescription(name: added + rest, shape: parameter.shape))
    }
  }

  @Test(arguments: [
    ("_orig_mod.", ""), ("module.", ""), ("", "model."), ("module._orig_mod.", ""), ("_fsdp_wrapped_module.", "model."),
  ])
  func namesOfAWrapperAreReadAndSaid(_ added: String, _ dropped: String) throws {
    let scratch = try CheckpointScratch()
    try small.writeHuggingFace(to: scratch.url)
    let renamed = renamed(added, dropped)
    let keys = Dictionary(uniqueKeysWithValues: renamed.map { ($1.name, $0) })
    try SafetensorsWriter.write(
      renamed.map(\.stored) + [ParameterDescription(name: added + "rotary_emb.inv_freq", shape: [2])],
      to: scratch.url.appending(path: "model.safetensors")
    ) { keys[$0].map(small.weights) ?? [1, 2] }
    let model = try openModel(at: scratch.url)
    for name in model.tensorNames { #expect(try model.tensor(name) == small.weights(name), "\(name)") }
    #expect(model.notes.count == 1 && model.notes[0].contains("are not the model's own"), "\(model.notes)")
    // A wrong shape is told by the name that stands in the file.
    let wrong = renamed.map {
      ParameterDescription(name: $1.name, shape: $0 == "model.norm.weight" ? [3] : $1.shape)
    }
    let error = try problem(wrong)
    #expect(error.problem.contains("\"\(added)\(dropped.isEmpty ? "model." : "")norm.weight\" has shape"), "\(error)")
  }

  @Test(arguments: [("_orig_mod.", ""), ("module.", ""), ("", "model.")])
  func namesOfAWrapperAreToldFromMissingTensors(_ added: String, _ dropped: String) throws {
    let renamed = renamed(added, dropped).map(\.stored)
    let error = try problem(renamed.filter { !$0.name.hasSuffix("1.mlp.up_proj.weight") })
    #expect(error.problem.contains("\"model.embed_tokens.weight\" is missing, and \"\(renamed[0].name)\" is there"))
    #expect(error.remedy.contains("save_pretrained"))
    // Two tensors of one key stand for no model.
    let twice = try problem(renamed + [ParameterDescription(name: "_orig_mod." + renamed[0].name, shape: [1])])
    #expect(twice.kind != .notFound)
  }

  @Test func shardsAreTakenBesideASingleFileUnlessOneIsMissing() throws {
    let scratch = try CheckpointScratch()
    try small.writeHuggingFace(to: scratch.url)
    let single = scratch.url.appending(path: "model.safetensors")
    let shard = scratch.url.appending(path: "model-00001-of-00001.safetensors")
    try FileManager.default.copyItem(at: single, to: shard)
    let map = small.configuration.parameters.map { "\"\($0.name)\": \"\(shard.lastPathComponent)\"" }
    try scratch.write("{\"weight_map\": {\(map.joined(separator: ","))}}", "model.safetensors.index.json")
    // What an earlier save left behind: one tensor.
    let stale = small.configuration.parameters.prefix(1)
    try SafetensorsWriter.write(Array(stale), to: single) { small.weights($0) }
    let model = try openModel(at: scratch.url)
    for name in model.tensorNames { #expect(try model.tensor(name) == small.weights(name)) }
    #expect(model.notes.count == 1 && model.notes[0].contains("model.safetensors, which stands beside them"))
    // And the other way round: shards that were joined, and an index that was left behind.
    try FileManager.default.removeItem(at: single)
    try FileManager.default.moveItem(at: shard, to: single)
    let joined = try openModel(at: scratch.url)
    for name in joined.tensorNames { #expect(try joined.tensor(name) == small.weights(name)) }
    #expect(joined.notes.count == 1 && joined.notes[0].contains("shards that are not there"))
  }

  @Test(arguments: ["model.safetensors", "config.json", "tokenizer.json", "tokenizer_config.json", "model.gguf"])
  func pointersOfGitLFSAreNamed(_ name: String) throws {
    let scratch = try CheckpointScratch()
    try small.writeHuggingFace(to: scratch.url)
    try scratch.write(TokenizerFixture.byteLevel(), "tokenizer.json")
    let pointer = try scratch.write(
      "version https://git-lfs.github.com/spec/v1\noid sha256:\(String(repeating: "0", count: 64))\nsize 12345\n", name)
    let error = #expect(throws: (any Error).self) {
      _ = try loadTokenizer(of: openModel(at: name.hasSuffix("gguf") ? pointer : scratch.url))
    }
    let text = error.map { "\($0)" } ?? ""
    #expect(text.contains(pointer.path) && text.contains("Git LFS pointer") && text.contains("git lfs pull"), "\(text)")
  }

  @Test(arguments: ["pytorch_model.bin", "consolidated.00.pth"]) func picklesAreRefused(_ name: String) throws {
    let scratch = try CheckpointScratch()
    try scratch.write(small.configuration.huggingFaceConfig(), "config.json")
    let pickle = try scratch.write("PK", name)
    for url in [scratch.url, pickle] {
      let error = try #require(checkpointError { _ = try openModel(at: url) })
      #expect(error.kind == .unsupported)
      let converter = name.hasPrefix("consolidated") ? "convert_llama_weights_to_hf" : "save_pretrained"
      #expect(error.remedy.contains(converter))
    }
    // Meta's own folders have no config.json.
    try FileManager.default.removeItem(at: scratch.url.appending(path: "config.json"))
    #expect(checkpointError { _ = try openModel(at: scratch.url) }?.kind == .unsupported)
  }

  @Test func generationConfigAddsEndTokens() throws {
    let scratch = try CheckpointScratch()
    try small.writeHuggingFace(to: scratch.url)
    try scratch.write(#"{"eos_token_id": [2, 5]}"#, "generation_config.json")
    try scratch.write(TokenizerFixture.byteLevel(), "tokenizer.json")
    let model = try openModel(at: scratch.url)
    #expect(model.configuration.eosTokenIDs == [2, 5])
    // The tokenizer takes what the model has read: the file is not opened a second time.
    try FileManager.default.removeItem(at: scratch.url.appending(path: "generation_config.json"))
    #expect(try loadTokenizer(of: model)?.special.eos == [2, 5])
  }

  @Test func theTokenizerIsTheFoldersUnlessAnotherIsGiven() throws {
    let scratch = try CheckpointScratch()
    try small.writeHuggingFace(to: scratch.url)
    let json = try scratch.write("{}", "tokenizer.json")
    guard case .folder(scratch.url, .some) = try openModel(at: scratch.url).tokenizerFiles else {
      Issue.record("the folder's own tokenizer is not taken, or not with the configurations that were read")
      return
    }
    let bin = try scratch.write("", "tokenizer.bin")
    #expect(try openModel(at: scratch.url, tokenizer: bin).tokenizerFiles == .llama2c(bin))
    let other = try openModel(at: scratch.url, tokenizer: json).tokenizerFiles
    guard case .folder(let folder, nil) = other else {
      Issue.record("\(other) is no folder")
      return
    }
    #expect(folder.standardizedFileURL.path == scratch.url.standardizedFileURL.path)
  }

  @Test func whatIsNoModelIsRefused() throws {
    let scratch = try CheckpointScratch()
    #expect(checkpointError { _ = try openModel(at: scratch.url) }?.problem.contains("config.json") == true)
    let text = try scratch.write("x", "notes.txt")
    #expect(checkpointError { _ = try openModel(at: text) }?.kind == .unsupported)
    #expect(checkpointError { _ = try openModel(at: URL(fileURLWithPath: "/nonexistent")) }?.kind == .notFound)
    let tensors = try scratch.write("x", "model.safetensors")
    #expect(checkpointError { _ = try openModel(at: tensors) }?.remedy.contains("folder") == true)
  }
}
