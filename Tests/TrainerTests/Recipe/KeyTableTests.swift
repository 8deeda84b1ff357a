import Testing

import Trainer

@Suite("The table of keys")
struct KeyTableTests {
  @Test("a place holds a key once; type and meaning are said of each")
  func rows() {
    for table in KeyTable.all {
      #expect(Set(table.rows.map(\.name)).count == table.rows.count, "\(table.place)")
      for row in table.rows {
        #expect(!row.type.isEmpty && row.meaning.hasSuffix("."), "\(table.place).\(row.name)")
        #expect(row.meaning.first?.isUppercase == true, "\(table.place).\(row.name)")
      }
    }
    #expect(
      KeyTable.all.map(\.place) == [
        "run", "base", "base.tokenizer", "method", "evaluation", "run or round", "objective", "union",
        "union.base_replay", "round", "round.columns",
      ])
  }

  @Test("the keys of a resolved recipe stand in the table, in its order, with their defaults")
  func resolved() throws {
    let yaml = try RecipeFixture().load().yaml
    let rows = KeyTable.all.filter { ["run", "run or round"].contains($0.place) }.flatMap(\.rows)
    let lines = yaml.split(separator: "\n").prefix { $0 != "rounds:" }
    let names = lines.map { String($0.prefix { $0 != ":" }) }
    #expect(names == rows.map(\.name).filter(names.contains))
    for row in rows where row.defaultValue != nil {
      #expect(lines.contains("\(row.name): \(row.defaultValue?.yaml ?? "")"), "\(row.name)")
    }
  }

  @Test("a word finds keys by place and name, and by meaning")
  func words() {
    func names(_ word: String) -> [String] { KeyTable.holding(word).flatMap { $0.rows.map(\.name) } }
    #expect(names("LEARNING_RATE") == ["learning_rate"])
    #expect(names("base_replay.") == ["train", "fraction"])
    #expect(names("warm-up").contains("warmup_steps"))
    #expect(names("lerning").isEmpty && KeyTable.nearest(to: "lerning_rate") == "learning_rate")
  }

  @Test("a key that must be given has no default; keys of an adapter have theirs, whatever the method's is")
  func defaults() {
    func shown(_ place: String, _ name: String) -> String? {
      KeyTable.all.first { $0.place == place }?.rows.first { $0.name == name }?.shownDefault
    }
    #expect(shown("run", "output_dir") == "required" && shown("base.tokenizer", "vocab_size") == "required")
    #expect(shown("run", "device") == "—" && shown("run", "method") == "—")
    #expect(shown("method", "type") == "full" && shown("method", "rank") == "8" && shown("method", "alpha") == "16.0")
    #expect(shown("union", "sampling") == "equal" && shown("union", "base_replay") == "null")
  }
}
