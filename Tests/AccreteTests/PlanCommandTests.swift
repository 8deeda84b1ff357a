import Foundation
import TestSupport
import Testing

extension CommandTests {
  /// `accrete plan`, and the error of a run that does not fit.
  @Suite("plan")
  struct PlanCommandTests {
    @Test("one object: parameters, bytes by kind, what would fit")
    func json() throws {
      let outcome = try AccreteProcess.run([
        "plan", "--preset", "65B", "--memory", "80GiB", "method.type=lora", "--gflops", "10000", "--json",
      ])
      #expect(outcome.code == 0, "\(outcome.errors)")
      let object = try outcome.json()
      #expect(object["parameters"] as? Int == 65_285_660_672)
      let bytes = try #require(object["bytes"] as? [String: Int])
      #expect(Set(bytes.keys) == ["weights", "gradients", "optimizer", "activations", "total"])
      let fits = try #require(object["fits"] as? [String: Any])
      #expect(fits["fits"] as? Bool == false && fits["memory"] as? Int == 80 << 30)
      #expect((fits["settings"] as? [Any])?.count == 9)
      #expect(object["seconds_per_step"] as? Double ?? 0 > 0)
    }

    @Test("a model of files, and a recipe")
    func sources() throws {
      let model = TestData.golden("training/model").path
      let tables = try AccreteProcess.run(["plan", "--model", model, "sequence_length=64", "--memory", "1GB"])
      #expect(tables.code == 0 && tables.output.contains("fits, up to a batch of"), "\(tables)")
      let fixture = try CommandFixture()
      let recipe = try AccreteProcess.run(["plan", "--recipe", fixture.recipe.path, "--json"])
      #expect(try recipe.json()["tokens_per_step"] as? Int == 96)
    }

    @Test("what is not understood is refused with the remedy")
    func refusals() throws {
      #expect(try AccreteProcess.run(["plan"]).code == 64)
      #expect(try AccreteProcess.run(["plan", "--preset", "7B", "--model", "x"]).code == 64)
      #expect(try AccreteProcess.run(["plan", "--preset", "7B", "--memory", "much"]).code == 64)
      let preset = try AccreteProcess.run(["plan", "--preset", "8B"])
      #expect(preset.code == 65 && preset.errorLines.first?.contains("Llama-3-8B") == true)
      let target = try AccreteProcess.run(["plan", "--preset", "7B", "method={type: lora, target_modules: [q_pro]}"])
      #expect(target.code == 65 && target.errorLines.first?.contains("'q_proj'") == true)
      let key = try AccreteProcess.run(["plan", "--preset", "7B", "sequence_lenght=5"])
      #expect(key.code == 65 && key.errorLines.first?.contains("sequence_length") == true)
    }

    @Test(
      "a run that does not fit is refused before it begins, with what would make it fit",
      .enabled(if: OpenCLDevices.arePresent, "\(OpenCLDevices.absence)"))
    func doesNotFit() throws {
      let fixture = try CommandFixture()
      let rows = #"{"input_ids": [1, 2, 3, 4], "labels": [-100, 2, 3, 4]}"# + "\n"
      try fixture.write(rows, "ids.jsonl")
      try fixture.write(
        """
        output_dir: run
        base: {preset: 110M}
        sequence_length: 1024
        per_device_train_batch_size: 4096
        max_steps: 1
        rounds: [{name: ids, train: ids.jsonl}]

        """, "recipe.yaml")
      let outcome = try fixture.train()
      #expect(outcome.code == 5, "\(outcome)")
      let line = try #require(outcome.errorLines.first)
      #expect(
        line.contains("per_device_train_batch_size: ") && line.contains("gradient_accumulation_steps: "), "\(line)")
      #expect(!FileManager.default.fileExists(atPath: fixture.output.path))
    }
  }
}
