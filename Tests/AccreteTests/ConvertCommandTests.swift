import Foundation
import TestSupport
import Testing

extension CommandTests {
  /// Conversion of models from one format to another, and back.
  @Suite("Convert and inspect")
  struct ConvertCommandTests {
    private static let golden = LlamaGolden.folder("head-size-apart")

    private func convert(_ model: URL, _ target: URL, _ more: String...) throws -> CommandOutcome {
      try AccreteProcess.run(["convert", "--model", model.path, "--output", target.path] + more)
    }

    @Test("Hugging Face → GGUF → Hugging Face keeps every bit")
    func thereAndBack() throws {
      let fixture = try CommandFixture()
      let (gguf, back) = (fixture.file("model.gguf"), fixture.file("back"))
      let outcome = try convert(Self.golden, gguf, "--json")
      #expect(try outcome.json() as? [String: String] == ["output": gguf.path])
      #expect(try convert(gguf, back).code == 0)
      // The order of the header may differ from the original's; two files that this program wrote must not differ.
      let again = fixture.file("again")
      #expect(try convert(Self.golden, again).code == 0)
      #expect(
        try CommandFixture.contents(back)["model.safetensors"] == CommandFixture.contents(again)["model.safetensors"])
      #expect(try CommandFixture.contents(back)["config.json"] == CommandFixture.contents(again)["config.json"])
    }

    @Test("an adapter is merged into its base, which its folder names or the command does")
    func adapter() throws {
      let fixture = try CommandFixture()
      let (base, adapter) = (TestData.golden("training/model"), TestData.golden("peft/all-linear"))
      let merged = fixture.file("merged")
      #expect(try convert(base, merged, "--adapter", adapter.path).code == 0)
      func score(_ arguments: String...) throws -> [Double] {
        let outcome = try AccreteProcess.run(["score", "--ids", "5,17,40,99", "--json"] + arguments)
        return try #require(outcome.json()["token_logprobs"] as? [Double], "\(outcome.errors)")
      }
      let found = try score("--model", merged.path)
      #expect(try found == score("--model", adapter.path))
      #expect(try found == score("--model", base.path, "--adapter", adapter.path))
      #expect(try found != score("--model", base.path))
      let foreign = try convert(Self.golden, fixture.file("no"), "--adapter", adapter.path)
      #expect(foreign.code == 65 && foreign.errorLines.count == 1, "\(foreign.errors)")
      #expect(!FileManager.default.fileExists(atPath: fixture.file("no").path))
    }

    @Test("what stands at the output is left alone, and dtypes are checked before anything is written")
    func refusals() throws {
      let fixture = try CommandFixture()
      let taken = try fixture.write("mine", "taken.gguf")
      let outcome = try convert(Self.golden, taken)
      #expect(outcome.code == 65 && outcome.errorLines.count == 1, "\(outcome.errors)")
      #expect(try String(contentsOf: taken, encoding: .utf8) == "mine")
      for (target, dtype) in [("new.gguf", "q4_k"), ("new", "q8_0")] {
        let outcome = try convert(Self.golden, fixture.file(target), "--dtype", dtype)
        #expect(outcome.code == 64 && outcome.errorLines.count == 1, "\(outcome.errors)")
        #expect(!FileManager.default.fileExists(atPath: fixture.file(target).path))
      }
    }

    @Test("inspect tells configuration, tensors, tokenizer and template, of every kind of file")
    func inspect() throws {
      let fixture = try CommandFixture()
      let gguf = fixture.file("model.gguf")
      #expect(try convert(TrainedModel.folder(), gguf, "--dtype", "q8_0").code == 0)
      let json = try AccreteProcess.run(["inspect", gguf.path, "--json"]).json()
      #expect(json["format"] as? String == "GGUF")
      let configuration = try #require(json["configuration"] as? [String: Any])
      #expect(configuration["hidden_size"] as? Int == 64)
      #expect(configuration["vocab_size"] as? Int == CommandFixture.vocabularySize)
      let tensors = try #require(json["tensors"] as? [[String: Any]])
      #expect(tensors.first?["name"] as? String == "model.embed_tokens.weight")
      #expect(tensors.first?["dtype"] as? String == "Q8_0")
      #expect(tensors.first?["shape"] as? [Int] == [CommandFixture.vocabularySize, 64])
      #expect(json["bytes"] as? Int == tensors.reduce(0) { $0 + ($1["bytes"] as? Int ?? 0) })
      #expect((json["tokenizer"] as? [String: Any])?["eos_tokens"] as? [String] == ["<|eos|>"])

      let folder = try TrainedModel.folder()
      for path in ["model.safetensors", "tokenizer.json", ""] {
        let outcome = try AccreteProcess.run(["inspect", folder.appending(path: path).path])
        #expect(outcome.code == 0 && !outcome.output.isEmpty, "\(path): \(outcome.errors)")
      }
      #expect(try AccreteProcess.run(["inspect", fixture.recipe.path]).code == 65)
      #expect(try AccreteProcess.run(["inspect", fixture.file("nothing").path]).code == 66)
    }
  }
}
