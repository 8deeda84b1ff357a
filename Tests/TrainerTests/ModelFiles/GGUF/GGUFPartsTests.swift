import Foundation
import TestSupport
import Testing
import Trainer

@Suite("GGUF models in parts, and in folders")
struct GGUFPartsTests {
  private static let small = SmallLlama()

  private static func name(_ part: Int) -> String { "m-0000\(part)-of-00003.gguf" }

  /// The three parts of a model, as llama-gguf-split makes them.
  private static func write(
    to scratch: CheckpointScratch, count: Int = 3, tensorCount: Int? = nil, name: (Int) -> String = name
  ) throws {
    let whole = small.gguf()
    for part in 0..<3 {
      var builder = part == 0 ? whole : GGUFBuilder()
      let own = whole.tensors.enumerated().filter { $0.offset * 3 / whole.tensors.count == part }.map(\.element)
      for tensor in builder.tensors { builder.remove(tensor.name) }
      for tensor in own { builder.add(tensor.name, tensor.shape, tensor.type, tensor.data) }
      builder.add("split.no", type: 2, Data.of(UInt16(part)))
      builder.add("split.count", type: 2, Data.of(UInt16(count)))
      builder.add("split.tensors.count", type: 5, Data.of(Int32(tensorCount ?? whole.tensors.count)))
      try scratch.write(builder.data(), name(part + 1))
    }
  }

  private static func problem(_ scratch: CheckpointScratch, _ name: String) -> FileError? {
    checkpointError { _ = try openModel(at: scratch.url.appending(path: name)) }
  }

  @Test("the first part stands for all")
  func whole() throws {
    let scratch = try CheckpointScratch()
    try Self.write(to: scratch)
    let model = try openModel(at: scratch.url.appending(path: Self.name(1)))
    #expect(model.configuration == Self.small.configuration && model.format == "GGUF in 3 parts")
    for name in model.tensorNames { #expect(try model.tensor(name) == Self.small.weights(name), "\(name)") }
    #expect(model.file(of: "model.embed_tokens.weight").hasSuffix(Self.name(1)))
    #expect(model.file(of: "lm_head.weight").hasSuffix(Self.name(3)))
    let hash = try model.weightsSha256()
    // The hash is that of all parts.
    let last = scratch.url.appending(path: Self.name(3))
    var bytes = try Data(contentsOf: last)
    bytes[bytes.count - 40] ^= 1
    try bytes.write(to: last)
    #expect(try model.weightsSha256() != hash)
  }

  @Test("another part than the first is answered with the first's name, a missing one with its own")
  func parts() throws {
    let scratch = try CheckpointScratch()
    try Self.write(to: scratch)
    let second = Self.problem(scratch, Self.name(2))
    #expect(second?.problem.contains("part 2 of a model in 3 parts") == true)
    #expect(second?.remedy.contains(Self.name(1)) == true)
    try FileManager.default.removeItem(at: scratch.url.appending(path: Self.name(2)))
    let missing = Self.problem(scratch, Self.name(1))
    #expect(missing?.kind == .notFound && missing?.path.hasSuffix(Self.name(2)) == true)
  }

  @Test("parts without their names, of another model, or too few tensors are refused")
  func contradictions() throws {
    var scratch = try CheckpointScratch()
    try Self.write(to: scratch) { "part\($0).gguf" }
    let unnamed = Self.problem(scratch, "part1.gguf")
    #expect(unnamed?.problem.contains("part 1 of a model in 3 parts") == true)
    #expect(unnamed?.remedy.contains("llama-gguf-split --merge") == true)
    scratch = try CheckpointScratch()
    try Self.write(to: scratch)
    let (first, second) = (scratch.url.appending(path: Self.name(1)), scratch.url.appending(path: Self.name(2)))
    try FileManager.default.removeItem(at: second)
    try FileManager.default.copyItem(at: first, to: second)
    #expect(Self.problem(scratch, Self.name(1))?.problem.contains("split.no") == true)
    scratch = try CheckpointScratch()
    try Self.write(to: scratch, tensorCount: 5)
    #expect(Self.problem(scratch, Self.name(1))?.problem.contains("split.tensors.count is 5") == true)
    var whole = Self.small.gguf()
    whole.add("split.count", type: 2, Data.of(UInt16(1)))
    #expect(throws: Never.self) { try openModel(at: scratch.write(whole.data(), "m.gguf")) }
  }

  @Test("a folder that holds one GGUF model, whole or in parts, is that model; several are listed")
  func folders() throws {
    let scratch = try CheckpointScratch()
    try Self.write(to: scratch)
    try scratch.write("{}", "config.json")
    #expect(try openModel(at: scratch.url).format == "GGUF in 3 parts")
    guard case .gguf = try TokenizerFiles(scratch.url) else {
      Issue.record("no vocabulary")
      return
    }
    try scratch.write(Self.small.gguf().data(), "m-Q8_0.gguf")
    let several = checkpointError { _ = try openModel(at: scratch.url) }
    #expect(
      several?.kind == .unsupported && several?.problem.contains("2 GGUF models: \(Self.name(1)), m-Q8_0.gguf") == true)
    try FileManager.default.removeItem(at: scratch.url.appending(path: "m-Q8_0.gguf"))
    try FileManager.default.removeItem(at: scratch.url.appending(path: Self.name(1)))
    let missing = checkpointError { _ = try openModel(at: scratch.url) }
    #expect(missing?.kind == .notFound && missing?.path.hasSuffix(Self.name(1)) == true)
    // Weights of Hugging Face's come first.
    try Self.small.writeHuggingFace(to: scratch.url)
    #expect(try openModel(at: scratch.url).format == "safetensors")
  }
}
