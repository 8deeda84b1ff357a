import Foundation
import Testing
import Trainer

import Hub

@Suite("The files of a repository that are fetched")
struct FileSelectionTests {
  private func files(_ paths: [String]) -> [HubFile] {
    paths.map { HubFile(path: $0, byteCount: 1000, hash: String(repeating: "0", count: 40)) }
  }

  private func chosen(
    _ paths: [String], _ selection: FileSelection = FileSelection(), of kind: HubRepository.Kind = .model
  ) throws -> (paths: [String], remarks: [String]) {
    let name = HubName(try #require(HubRepository(kind, "org/small")))
    let (files, remarks) = try selection.choose(from: files(paths), of: name)
    return (files.map(\.path), remarks)
  }

  private static let repository = [
    "README.md", "config.json", "consolidated.00.pth", "model.safetensors", "model-q8_0.gguf", "onnx/model.onnx",
    "original/params.json", "pytorch_model.bin", "tokenizer.json", "training_args.bin",
  ]

  @Test("pickles, other programs' files and copies are left out, with a line each")
  func usual() throws {
    let (paths, remarks) = try chosen(Self.repository)
    #expect(paths == ["README.md", "config.json", "model.safetensors", "tokenizer.json"])
    #expect(remarks.count == 4)
    let pickles = "pickles, which can run code: consolidated.00.pth, pytorch_model.bin, training_args.bin (3.0 kB)"
    #expect(remarks.first?.contains(pickles) == true, "\(remarks)")
    #expect(remarks.allSatisfy { $0.contains("--include") })
  }

  @Test("patterns choose, also what is usually left out")
  func patterns() throws {
    #expect(
      try chosen(Self.repository, FileSelection(include: ["*.bin", "original/"])).paths
        == ["original/params.json", "pytorch_model.bin", "training_args.bin"])
    #expect(
      try chosen(Self.repository, FileSelection(include: ["*.bin"], exclude: ["training*"])).paths
        == ["pytorch_model.bin"])
    #expect(
      try chosen(Self.repository, FileSelection(exclude: ["*.md"])).paths
        == ["config.json", "model.safetensors", "tokenizer.json"])
    let error = #expect(throws: HubError.self) { try chosen(Self.repository, FileSelection(include: ["*.gguff"])) }
    #expect(error?.exitCode == 66 && error?.problem.contains("'*.gguff'") == true)
  }

  @Test("of many GGUF models one must be chosen; the parts of one are one")
  func gguf() throws {
    let error = #expect(throws: HubError.self) { try chosen(["m-Q4_0.gguf", "m-Q8_0.gguf", "config.json"]) }
    #expect(error?.exitCode == 64 && error?.remedy == "choose one, as in --include 'm-Q4_0.gguf'")
    let parts = ["m-00001-of-00002.gguf", "m-00002-of-00002.gguf"]
    #expect(try chosen(parts).paths == parts)
    #expect(try chosen(["m-Q4_0.gguf", "m-Q8_0.gguf"], FileSelection(include: ["*Q8*"])).paths == ["m-Q8_0.gguf"])
  }

  @Test("a maker's own format is fetched where it is all that there is; of a dataset only pickles are left out")
  func rest() throws {
    let own = ["consolidated.safetensors", "params.json"]
    #expect(try chosen(own).paths == own)
    let data = ["data/train-00000-of-00001.parquet", "onnx/a.onnx", "original/rows.csv", "x.pkl"]
    #expect(try chosen(data, of: .dataset).paths == Array(data.dropLast()))
  }
}
