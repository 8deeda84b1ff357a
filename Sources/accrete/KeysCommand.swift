import ArgumentParser
import Trainer

/// Prints the keys of a recipe: type, default, meaning, place.
struct KeysCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "keys", abstract: "List the keys of a recipe: type, default, meaning and place.")

  @Argument(help: "Part of a key's name, or of what it means; all keys where it is left out.")
  var word: String?

  @Flag(help: "Print one JSON object.")
  var json = false

  @Flag(help: "Print tables in Markdown: docs/keys.md is made so.")
  var markdown = false

  private struct Listing: Encodable {
    struct Entry: Encodable {
      let name: String
      let place: String
      let type: String
      let `default`: SettingValue?
      let required: Bool
      let meaning: String
      /// Names of the key in other tools.
      let elsewhere: [String]
    }

    let keys: [Entry]
  }

  func validate() throws {
    guard !json || !markdown else { throw ValidationError("--json and --markdown are two forms of one list: keep one") }
    if let word, KeyTable.holding(word).isEmpty {
      let advice =
        RecipeSynonym.reasonForNone(word).map { "it has no counterpart here, since \($0)" }
        ?? "the nearest key is '\(KeyTable.nearest(to: word))'"
      throw ValidationError("no key's name or meaning holds '\(word)': \(advice)")
    }
  }

  func run() throws {
    let tables = word.map(KeyTable.holding) ?? KeyTable.all
    if json { return try Console.result(json: Self.listing(of: tables)) }
    let text = markdown ? Self.markdown(of: tables) : tables.map(Self.text).joined(separator: "\n\n")
    try Console.result(text: text)
  }

  private static func listing(of tables: [KeyTable]) -> Listing {
    Listing(
      keys: tables.flatMap { table in
        table.rows.map { row in
          Listing.Entry(
            name: row.name, place: table.place, type: row.type, default: row.defaultValue, required: row.isRequired,
            meaning: row.meaning, elsewhere: table.synonyms(of: row))
        }
      })
  }

  /// A place as a heading, then two lines for each of its keys, and a third for those that other tools name otherwise.
  private static func text(of table: KeyTable) -> String {
    let keys = table.rows.map { row in
      let value = row.isRequired ? "; required" : row.shownDefault == "—" ? "" : "; default: \(row.shownDefault)"
      let names = table.synonyms(of: row)
      return "\(row.name): \(row.type)\(value)\n    \(row.meaning)"
        + (names.isEmpty ? "" : "\n    Elsewhere: \(names.joined(separator: ", ")).")
    }
    return (["# \(table.place): \(table.meaning)"] + keys).joined(separator: "\n")
  }

  private static func markdown(of tables: [KeyTable]) -> String {
    let introduction = """
      # The keys of a recipe

      Every key, in the order of a run's `recipe.yaml`, which writes out every default. `accrete keys WORD` prints those
      whose name or meaning holds a word. A key of a mapping is `union: {sampling: equal}` in a recipe and
      `union.sampling=equal` on the command line; a key of a round is `rounds.0.train=FILE` there, counted from 0.

      This page is made by `accrete keys --markdown > docs/keys.md`.
      """
    let sections = tables.map { table in
      let rows = table.rows.map { "| `\($0.name)` | \($0.type) | \(cell($0.shownDefault)) | \($0.meaning) |" }
      return """
        ## \(table.place)

        \(table.meaning)

        | key | type | default | meaning |
        |---|---|---|---|
        \(rows.joined(separator: "\n"))
        """
    }
    return ([introduction] + sections).joined(separator: "\n\n")
  }

  private static func cell(_ value: String) -> String { ["—", "required"].contains(value) ? value : "`\(value)`" }
}
