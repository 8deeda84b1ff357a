import Foundation
import TestSupport
import Testing

extension CommandTests {
  /// docs/data.md: the rows that it shows are read as it says.
  @Suite("docs/data.md")
  struct DataPageTests {
    /// The blocks of rows, a list of lines each.
    private static func blocks() throws -> [[String]] {
      let page = try String(contentsOf: TestData.packageRoot.appending(path: "docs/data.md"), encoding: .utf8)
      var blocks: [[String]] = []
      var isInside = false
      for line in page.split(separator: "\n", omittingEmptySubsequences: false) {
        if line == "```jsonl" {
          isInside = true
          blocks.append([])
        } else if line == "```" {
          isInside = false
        } else if isInside {
          blocks[blocks.count - 1].append(String(line))
        }
      }
      return blocks
    }

    @Test("every row that it shows is read, has something to learn, and no key of it is passed over")
    func rows() throws {
      let blocks = try Self.blocks()
      #expect(blocks.count >= 7)
      for block in blocks {
        let fixture = try CommandFixture()
        try fixture.write(block.joined(separator: "\n") + "\n", "rows.jsonl")
        let recipe = try fixture.write(
          """
          output_dir: run
          base: {preset: 7B, tokenizer: {vocab_size: 259}, chat_template: qwen3}
          sequence_length: 2048
          rounds: [{name: rows, train: rows.jsonl}]
          """, "page.yaml")
        let outcome = try AccreteProcess.run(["data", "show", recipe.path, "--rows", "99", "--json"])
        #expect(outcome.code == 0, "\(block)\n\(outcome.errors)")
        #expect(!outcome.errors.contains("are not read"), "\(outcome.errors)")
        let datasets = try #require(try outcome.json()["datasets"] as? [[String: Any]])
        let samples = try #require(datasets.first?["samples"] as? [[String: Any]])
        #expect(samples.count == block.count)
        for sample in samples {
          #expect((sample["supervised"] as? [Bool])?.contains(true) == true, "\(sample["place"] ?? "")")
        }
      }
    }
  }
}
