import Foundation
import TestSupport
import Testing

extension CommandTests {
  /// `accrete keys`: the list of a recipe's keys, and docs/keys.md.
  @Suite("keys")
  struct KeysCommandTests {
    @Test("docs/keys.md is what accrete keys --markdown prints")
    func page() throws {
      let page = try String(contentsOf: TestData.packageRoot.appending(path: "docs/keys.md"), encoding: .utf8)
      let printed = try AccreteProcess.run(["keys", "--markdown"])
      #expect(printed.code == 0)
      #expect(printed.output == page, "make the page anew: accrete keys --markdown > docs/keys.md")
    }

    @Test("a word names the keys that hold it, with type, default, meaning and place")
    func word() throws {
      let found = try AccreteProcess.run(["keys", "warmup"])
      #expect(found.code == 0)
      #expect(found.output.hasPrefix("# run or round: "), "\(found.output)")
      let key = "\nwarmup_steps: a whole number from 0 to 1000000000; default: 5\n    Optimiser steps"
      #expect(found.output.contains(key), "\(found.output)")
      let keys = try #require(try AccreteProcess.run(["keys", "vocab", "--json"]).json()["keys"] as? [[String: Any]])
      #expect(keys.map { $0["place"] as? String } == ["base.tokenizer"])
      #expect(keys.first?["name"] as? String == "vocab_size" && keys.first?["required"] as? Bool == true)
    }

    @Test("a key of another tool finds ours, or the reason for which there is none")
    func elsewhere() throws {
      let found = try AccreteProcess.run(["keys", "lr"])
      #expect(found.code == 0 && found.output.contains("\nlearning_rate: "), "\(found.output)")
      #expect(found.output.contains("\n    Elsewhere: lr, "), "\(found.output)")
      let json = try AccreteProcess.run(["keys", "load_in_4bit", "--json"]).json()
      let keys = try #require(json["keys"] as? [[String: Any]])
      #expect(keys.map { $0["name"] as? String } == ["dtype", "type"])
      #expect(keys.allSatisfy { ($0["elsewhere"] as? [String])?.contains("load_in_4bit") == true })
      let none = try AccreteProcess.run(["keys", "neftune_noise_alpha"])
      #expect(none.code == 64 && none.errors.contains("no counterpart") && none.errorLines.count == 1)
    }

    @Test("a word that no key holds names the nearest key")
    func unknownWord() throws {
      let outcome = try AccreteProcess.run(["keys", "lerning_rate"])
      #expect(outcome.code == 64 && outcome.output.isEmpty)
      #expect(outcome.errorLines.count == 1 && outcome.errors.contains("'lerning_rate'"), "\(outcome.errors)")
      #expect(outcome.errors.contains("'learning_rate'"), "\(outcome.errors)")
      #expect(try AccreteProcess.run(["keys", "--json", "--markdown"]).code == 64)
    }
  }
}
